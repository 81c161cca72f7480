import { statesSql } from './select.ts';

/** A worker whose last sign is older than this has no slots to count on, s. */
const WORKER_SEEN_S = 30;

/**
 * Start-time fair queueing: a project's next job starts at max(the clock, where its last one ended) and ends
 * 1/weight later; the lowest end goes first. So a project that was idle banks no credit, and one that floods the
 * queue only delays itself. Limits of organisations, projects and spiders are never passed. Inside a project: priority 4..0, then
 * rank, then the order of scheduling. What is live is read from the counters: a look with nothing to do costs the same
 * however much runs. The leader's row is locked for the moment, so a former leader that comes late admits nothing.
 */
export const ADMIT = `
  with recursive waiting (project_id) as (
    (select w.project_id from jobs w where w.state = 'pending' and not w.external order by w.project_id limit 1)
    union all
    select (
      select w.project_id from jobs w
      where w.state = 'pending' and not w.external and w.project_id > waiting.project_id
      order by w.project_id limit 1)
    from waiting where waiting.project_id is not null
  ),
  present_leader as (select term from leader where term = :term::bigint for share),
  live_of_spider as (
    select x.project_id, x.spider, sum(x.n)::int as n
    from (
      select c.project_id, c.spider, c.n from job_counts c where c.state in ('admitted', 'running') and c.n <> 0
      union all
      select c.project_id, c.spider, c.n from job_count_changes c where c.state in ('admitted', 'running')
    ) x
    group by x.project_id, x.spider
  ),
  live as (select project_id, sum(n)::int as n from live_of_spider group by project_id),
  -- A limit that staff has set counts, also when it says that there is none; else that of the configuration.
  organised as (
    select o.id, o.most - coalesce(sum(live.n), 0) as room
    from (
      select id, case when jsonb_exists(limits, 'runningJobs') then (limits ->> 'runningJobs')::int else :runningJobs::int end as most
      from organisations
    ) o
    left join projects q on q.organisation_id = o.id
    left join live on live.project_id = q.id
    where o.most is not null
    group by o.id, o.most
  ),
  limited as (
    select s.project_id, s.number as spider, s.max_running - coalesce(l.n, 0) as room
    from spiders s
    left join live_of_spider l on l.project_id = s.project_id and l.spider = s.number
    where s.max_running is not null
  ),
  capacity as (
    select coalesce(:limit::int, greatest(0,
      (select coalesce(sum(slots), 0)::int from workers where seen_at > now() - interval '${WORKER_SEEN_S} s')
      - (select coalesce(sum(n), 0)::int from live))) as free
    from present_leader
  ),
  clock as (select coalesce((select turn from fair_shares where project_id = 0), 0) as now),
  candidates as (
    select p.id as project_id, p.weight, p.organisation_id, og.room as organisation_room,
      least(c.free, coalesce(p.max_running - coalesce(live.n, 0), c.free), og.room) as room,
      greatest(clock.now, coalesce(f.turn, 0)) as start
    from waiting w
    join projects p on p.id = w.project_id and not p.paused
    cross join capacity c cross join clock
    left join live on live.project_id = p.id
    left join organised og on og.id = p.organisation_id
    left join fair_shares f on f.project_id = p.id
  ),
  queued as (
    select q.id, c.project_id, c.organisation_id, c.organisation_room, q.spider_room,
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
    select * from (
      select *, row_number() over (partition by organisation_id order by ends, id) as nth_of_organisation
      from queued where spider_room is null or nth_of_spider <= spider_room
    ) f
    where organisation_room is null or nth_of_organisation <= organisation_room
    order by ends, id limit (select free from capacity)
  ),
  -- In the order of ids, as everybody locks jobs: a caller that stops the same jobs never waits in a circle with this.
  locked as (
    select j.id, p.ends from jobs j join picked p on p.id = j.id
    where j.state in (${statesSql('admit')})
    order by j.id for no key update of j
  ),
  admitted as (
    update jobs j set state = 'admitted', attempt = j.attempt + 1, admitted_at = now()
    from locked p
    where j.id = p.id and j.state in (${statesSql('admit')})
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
