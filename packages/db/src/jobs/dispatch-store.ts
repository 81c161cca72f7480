import {
  DEFAULT_POLICY,
  type DispatchStore,
  type EndAnswer,
  type Priority,
  type Ticket,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { ADMIT } from './admit.ts';
import { GUARDS } from './guards.ts';
import { type LostRow, toLostAttempt } from './rows.ts';

const UNCLAIMED = `
  select id, attempt, priority from jobs
  where ${GUARDS.resend}
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
    select l.job_id as id, l.attempt, j.project_id as project, j.spider, j.number as job, l.items, l.pages, l.logs, l.errors
    from leases l join jobs j on j.id = l.job_id
    where l.until < now()
      and pg_postmaster_start_time() < now() - :leaseMs * interval '1 ms' - interval '2 s'
      and exists (select from dispatch_clock where up_since < now() - :leaseMs * interval '1 ms' - interval '2 s')
    order by l.job_id
    for no key update of j skip locked
  )
  select l.id, l.attempt, l.project, l.spider, l.job,
    end_attempt(l.id, l.attempt, row('lost', null, l.items, l.pages, l.logs, l.errors, null)::attempt_report,
      :defaults::jsonb, true) as answer
  from lapsed l`;

/** Adds what changed since the last time to the counters; their truth is the sum of both at any moment. */
const FOLD = `
  with gone as (delete from job_count_changes returning project_id, spider, state, n)
  insert into job_counts as c (project_id, spider, state, n)
  select g.project_id, g.spider, g.state, sum(g.n) from gone g
  group by 1, 2, 3 having sum(g.n) <> 0
  order by 1, 2, 3
  on conflict (project_id, spider, state) do update set n = c.n + excluded.n`;

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
  /** Jobs of an organisation that run at the same time, where nothing else was set for it; null: no limit. */
  runningJobs?: number | null;
}

export function createDispatchStore(
  database: Database,
  { leaseMs, runningJobs = null }: DispatchOptions,
): DispatchStore {
  return translated<DispatchStore>({
    async admit(term, limit) {
      const { rows } = await database.raw<{ rows: TicketRow[] }>(ADMIT, {
        term,
        limit: limit ?? null,
        runningJobs,
      });
      return rows.map(toTicket);
    },
    async unclaimed(olderThanMs) {
      const { rows } = await database.raw<{ rows: TicketRow[] }>(UNCLAIMED, { olderThanMs });
      return rows.map(toTicket);
    },
    async reap() {
      await database.raw(TICK, { leaseMs });
      const { rows } = await database.raw<{ rows: (LostRow & { answer: EndAnswer })[] }>(REAP, {
        leaseMs,
        defaults: DEFAULT_POLICY,
      } as never);
      await database('workers').whereRaw("seen_at < now() - interval '1 hour'").delete();
      return rows.filter(({ answer }) => answer === 'finished' || answer === 'requeued').map(toLostAttempt);
    },
    async foldCounts() {
      await database.raw(FOLD);
    },
  });
}
