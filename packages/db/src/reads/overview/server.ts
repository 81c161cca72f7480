import type { ServerNumbers, ServerWorker } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { countersWhere } from '../count-sql.ts';

const ALIVE_S = 30;
const MOST = 10_000;

const WORKERS = `
  select w.id, w.host, w.slots, w.started_at as "startedAt", w.seen_at as "seenAt",
    (select count(*)::int from leases l where l.worker = w.id) as running,
    w.seen_at > now() - interval '${ALIVE_S} s' as "isAlive"
  from workers w order by w.started_at, w.id limit 1000`;

// The longest wait is looked for in each project that has something waiting: there is no index over all of them.
const NUMBERS = `
  with live as materialized (
    select c.project_id, c.state, sum(c.n)::bigint as n
    from (${countersWhere(`c.state in ('pending', 'admitted', 'running', 'outside')`)}) c
    group by c.project_id, c.state having sum(c.n) > 0
  )
  select current_setting('server_version') as postgres,
    (select m.name from migrations m order by m.id desc limit 1) as migration,
    (select coalesce(sum(n), 0) from live where state in ('running', 'outside')) as running,
    (select coalesce(sum(n), 0) from live where state in ('pending', 'admitted')) as pending,
    (select min(x.since) from live l cross join lateral (
      select j.state_since as since from jobs j where j.project_id = l.project_id and j.state = 'pending'
      order by j.state_since, j.id limit 1) x where l.state = 'pending') as oldest,
    (select l.holder from leader l where l.until > now()) as leader,
    (select count(*)::int from (select from streams_to_free limit ${MOST}) s) as to_free`;

interface NumbersRow {
  postgres: string;
  migration: string;
  running: string;
  pending: string;
  oldest: Date | null;
  leader: string | null;
  to_free: number;
}

/** See OverviewView.server. */
export async function readServer(database: Database): Promise<ServerNumbers> {
  const [{ rows: workers }, { rows }] = await Promise.all([
    database.raw<{ rows: ServerWorker[] }>(WORKERS),
    database.raw<{ rows: [NumbersRow] }>(NUMBERS),
  ]);
  const [row] = rows;
  return {
    postgres: row.postgres,
    migration: row.migration,
    workers,
    running: Number(row.running),
    pending: Number(row.pending),
    oldestPending: row.oldest,
    leader: row.leader,
    streamsToFree: row.to_free,
  };
}
