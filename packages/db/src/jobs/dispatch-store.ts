import type { DispatchStore, Priority, Ticket } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { type LostRow, toLostAttempt } from './rows.ts';

/** A worker whose last sign is older than this has no slots to count on, s. */
const WORKER_SEEN_S = 30;

/**
 * Start-time fair queueing: a project's next job starts at max(the clock, where its last one ended) and ends
 * 1/weight later; the lowest end goes first. So a project that was idle banks no credit, and one that floods the
 * queue only delays itself. Limits of projects and of spiders are never passed. Inside a project: priority 4..0, then rank, then the order of scheduling.
 */
const ADMIT = `
  with recursive waiting (project_id) as (
    (select w.project_id from jobs w where w.state = 'pending' and not w.external order by w.project_id limit 1)
    union all
    select (
      select w.project_id from jobs w
      where w.state = 'pending' and not w.external and w.project_id > waiting.project_id
      order by w.project_id limit 1)
    from waiting where waiting.project_id is not null
  ),
  live as (
    select l.project_id, count(*)::int as n from jobs l
    where l.state in ('admitted', 'running') and not l.external group by l.project_id
  ),
  limited as (
    select s.project_id, s.number as spider, s.max_running - count(l.id)::int as room
    from spiders s
    left join jobs l on l.project_id = s.project_id and l.spider = s.number
      and l.state in ('admitted', 'running') and not l.external
    where s.max_running is not null
    group by s.project_id, s.number
  ),
  capacity as (
    select coalesce(:limit::int, greatest(0,
      (select coalesce(sum(slots), 0)::int from workers where seen_at > now() - interval '${WORKER_SEEN_S} s')
      - (select coalesce(sum(n), 0)::int from live))) as free
  ),
  clock as (select coalesce((select turn from fair_shares where project_id = 0), 0) as now),
  candidates as (
    select p.id as project_id, p.weight,
      least(c.free, coalesce(p.max_running - coalesce(live.n, 0), c.free)) as room,
      greatest(clock.now, coalesce(f.turn, 0)) as start
    from waiting w
    join projects p on p.id = w.project_id and not p.paused
    cross join capacity c cross join clock
    left join live on live.project_id = p.id
    left join fair_shares f on f.project_id = p.id
  ),
  queued as (
    select q.id, c.project_id, q.spider_room,
      row_number() over (partition by c.project_id, q.spider order by q.nth) as nth_of_spider,
      c.start + (q.nth - 1) / c.weight as starts, c.start + q.nth / c.weight as ends
    from candidates c
    cross join lateral (
      select j.id, row_number() over (order by j.priority desc, j.rank desc, j.id) as nth, j.spider, lim.room as spider_room
      from jobs j
      left join limited lim on lim.project_id = j.project_id and lim.spider = j.spider
      where j.project_id = c.project_id and j.state = 'pending' and not j.external
        and (j.wait_until is null or j.wait_until <= now())
        and (lim.room is null or lim.room > 0)
      order by j.priority desc, j.rank desc, j.id
      limit greatest(c.room, 0)
    ) q
  ),
  picked as (
    select * from queued where spider_room is null or nth_of_spider <= spider_room
    order by ends, id limit (select free from capacity)
  ),
  admitted as (
    update jobs j set state = 'admitted', attempt = j.attempt + 1, admitted_at = now()
    from picked p
    where j.id = p.id and j.state = 'pending'
    returning j.id, j.attempt, j.priority, p.ends
  ),
  turned as (
    insert into fair_shares as f (project_id, turn)
    select project_id, max(ends) from picked group by project_id
    union all
    select 0, max(starts) from picked having count(*) > 0
    on conflict (project_id) do update set turn = greatest(f.turn, excluded.turn)
  )
  select id, attempt, priority from admitted order by ends, id`;

const UNCLAIMED = `
  select id, attempt, priority from jobs
  where state = 'admitted' and admitted_at < now() - :olderThanMs * interval '1 ms'
  order by admitted_at limit 1000`;

/**
 * The leader asks about every second; a longer break means that the database was away, or that nobody led. Workers
 * that were refused meanwhile let their crawls live for a third of a lease from the last refusal (see the heartbeat).
 */
const TICK = `
  insert into dispatch_clock as c (seen_at, up_since) values (now(), now())
  on conflict (singleton) do update set
    up_since = case when c.seen_at < now() - :leaseMs * interval '1 ms' / 3 then now() else c.up_since end,
    seen_at = now()`;

/**
 * An attempt whose lease lapsed died with its worker, and its shim killed the crawl before that. Leases also lapse
 * while Postgres itself is away, so nothing is reaped before workers had a full lease to come back.
 */
const REAP = `
  with lapsed as materialized (
    select id, attempt, items, pages, logs, errors from jobs
    where state = 'running' and not external and lease_until < now()
      and pg_postmaster_start_time() < now() - :leaseMs * interval '1 ms' - interval '2 s'
      and exists (select from dispatch_clock where up_since < now() - :leaseMs * interval '1 ms' - interval '2 s')
    for no key update skip locked
  )
  select l.id, l.attempt, j.project_id as project, j.spider, j.number as job,
    end_attempt(l.id, l.attempt, 'lost', null, l.items, l.pages, l.logs, l.errors, null, true) as answer
  from lapsed l join jobs j on j.id = l.id`;

interface TicketRow {
  id: string;
  attempt: number;
  priority: Priority;
}

function toTicket({ id, attempt, priority }: TicketRow): Ticket {
  return { id: Number(id), attempt, priority };
}

export interface DispatchOptions {
  /** Length of a lease, ms: how long the reaper waits after a restart of Postgres. */
  leaseMs: number;
}

export function createDispatchStore(database: Database, { leaseMs }: DispatchOptions): DispatchStore {
  return translated<DispatchStore>({
    async admit(limit) {
      const { rows } = await database.raw<{ rows: TicketRow[] }>(ADMIT, { limit: limit ?? null });
      return rows.map(toTicket);
    },
    async unclaimed(olderThanMs) {
      const { rows } = await database.raw<{ rows: TicketRow[] }>(UNCLAIMED, { olderThanMs });
      return rows.map(toTicket);
    },
    async reap() {
      await database.raw(TICK, { leaseMs });
      const { rows } = await database.raw<{ rows: LostRow[] }>(REAP, { leaseMs });
      await database('workers').whereRaw("seen_at < now() - interval '1 hour'").delete();
      return rows.map(toLostAttempt);
    },
  });
}
