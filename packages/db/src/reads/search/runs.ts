import type { JobKey, JobState, Run, RunsOf } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { OK } from './outcomes-sql.ts';

/** Runs of a spider that are looked at for good ones: one that always fails must not cost its whole history. */
const LOOK = 60;

interface RunRow {
  id: string;
  project_id: number;
  spider: number;
  number: number;
  state: JobState;
  attempt: number;
  close_reason: string | null;
  items: string;
  pages: string;
  errors: string;
  version: string | null;
  running_at: Date | null;
  state_since: Date;
}

const COLUMNS = `j.id, j.project_id, j.spider, j.number, j.state, j.attempt, j.close_reason, j.items, j.pages, j.errors,
  j.version, j.running_at, j.state_since`;

/** See JobSearchView.runs. */
export async function readRuns(
  database: Database,
  project: number,
  spiders: readonly number[],
  { count, good, before }: RunsOf,
): Promise<Run[]> {
  if (spiders.length === 0 || count === 0) return [];
  const { rows } = await database.raw<{ rows: RunRow[] }>(
    `select r.* from unnest(:spiders::int[]) with ordinality k (spider, nth)
    cross join lateral (
      select * from (
        select ${COLUMNS} from jobs j
        where j.project_id = :project and j.spider = k.spider and j.state = 'finished'
          ${before ? 'and (j.state_since, j.id) < (:beforeSince::timestamptz, :beforeId::bigint)' : ''}
        order by j.state_since desc, j.id desc limit :look
      ) j
      ${good ? `where ${OK}` : ''}
      order by j.state_since desc, j.id desc limit :count
    ) r
    order by k.nth, r.state_since desc, r.id desc`,
    {
      project,
      spiders: [...spiders],
      count,
      look: good ? Math.max(LOOK, count) : count,
      ...(before && { beforeSince: before.stateSince, beforeId: before.id }),
    } as never,
  );
  return rows.map(toRun);
}

function toRun(row: RunRow): Run {
  return {
    id: Number(row.id),
    key: { project: row.project_id, spider: row.spider, job: row.number },
    state: row.state,
    attempt: row.attempt,
    closeReason: row.close_reason,
    items: Number(row.items),
    pages: Number(row.pages),
    errors: Number(row.errors),
    version: row.version,
    runningAt: row.running_at,
    stateSince: row.state_since,
  };
}

const NEIGHBOURS = `
  select
    (select max(j.number) from jobs j where j.project_id = :project and j.spider = :spider and j.number < :job
      and j.state <> 'deleted') as previous,
    (select min(j.number) from jobs j where j.project_id = :project and j.spider = :spider and j.number > :job
      and j.state <> 'deleted') as next`;

/** See JobSearchView.neighbours. */
export async function readNeighbours(database: Database, key: JobKey) {
  const { rows } = await database.raw<{ rows: [{ previous: number | null; next: number | null }] }>(
    NEIGHBOURS,
    { ...key },
  );
  return rows[0];
}

/** Places in the queue beyond this are not counted. */
const FAR = 1000;

const PLACE = `
  select (
    select count(*)::int from (
      select w.id, w.priority, w.rank from jobs w
      where w.project_id = :project and w.state = 'pending' and not w.external
      order by w.priority desc, w.rank desc, w.id limit ${FAR + 1}
    ) w
    where (w.priority, w.rank, -w.id) > (j.priority, j.rank, -j.id)
  ) as ahead
  from jobs j
  where j.project_id = :project and j.spider = :spider and j.number = :job and j.state = 'pending' and not j.external`;

/** See JobSearchView.place. */
export async function readPlaceInQueue(database: Database, key: JobKey): Promise<number | null> {
  const { rows } = await database.raw<{ rows: { ahead: number }[] }>(PLACE, { ...key });
  const ahead = rows[0]?.ahead;
  return ahead === undefined || ahead > FAR - 1 ? null : ahead + 1;
}
