import type { WaitFacts } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { countersWhere } from '../count-sql.ts';

interface WaitRow {
  id: string;
  external: boolean;
  wait_until: Date | null;
  paused: boolean;
  project_limit: number | null;
  project_running: number;
  spider_limit: number | null;
  spider_running: number;
  slots: number;
}

// What runs is read from the counters, as the leader reads it.
const WAITS = `
  with live as materialized (
    select c.spider, sum(c.n)::int as n
    from (${countersWhere(`c.project_id = :project and c.state in ('admitted', 'running')`)}) c group by c.spider
  )
  select j.id, j.external, j.wait_until, p.paused, p.max_running as project_limit,
    (select coalesce(sum(n), 0)::int from live) as project_running, s.max_running as spider_limit,
    coalesce((select n from live where live.spider = j.spider), 0) as spider_running,
    (select coalesce(sum(w.slots), 0)::int from workers w where w.seen_at > now() - interval '30 s') as slots
  from jobs j
  join projects p on p.id = j.project_id
  join spiders s on s.project_id = j.project_id and s.number = j.spider
  where j.project_id = :project and j.id = any(:ids::bigint[])`;

/** See JobSearchView.waits. */
export async function readWaits(
  database: Database,
  project: number,
  ids: readonly number[],
): Promise<WaitFacts[]> {
  const { rows } = await database.raw<{ rows: WaitRow[] }>(WAITS, { project, ids: [...ids] });
  return rows.map((row) => ({
    id: Number(row.id),
    external: row.external,
    waitUntil: row.wait_until,
    paused: row.paused,
    projectLimit: row.project_limit,
    projectRunning: row.project_running,
    spiderLimit: row.spider_limit,
    spiderRunning: row.spider_running,
    slots: row.slots,
  }));
}

const LIVE = `
  select c.spider, coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0)::int as pending,
    coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0)::int as running
  from (${countersWhere(`c.project_id = :project and c.state in ('pending', 'admitted', 'running', 'outside')`)}) c
  group by c.spider having sum(c.n) <> 0`;

/** See JobSearchView.live. */
export async function readLive(database: Database, project: number) {
  const { rows } = await database.raw<{ rows: { spider: number; pending: number; running: number }[] }>(
    LIVE,
    {
      project,
    },
  );
  return new Map(rows.map(({ spider, pending, running }) => [spider, { pending, running }]));
}
