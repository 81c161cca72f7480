import {
  formatJobKey,
  type JobKey,
  type JobStore,
  jobErrors,
  type ScheduleOutcome,
  type ScheduleRequest,
  type StopTarget,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { translated } from '../pg-errors.ts';
import { spacedJson, spacedRaw } from '../scrapyd/json-text.ts';
import { keyBindings, whereJobs } from './filter-sql.ts';

interface ScheduleRow {
  ordinal: number;
  outcome: ScheduleOutcome['outcome'];
  id: string | null;
  spider: number;
  number: number;
}

/** The named jobs, locked in one order; `missing` is not empty when one of them does not exist. */
const NAMED = `
  with wanted as (
    select distinct w.spider, w.number from unnest(:keySpiders::int[], :keyNumbers::int[]) as w (spider, number)
  ),
  found as (
    select j.id, j.spider, j.number from jobs j join wanted w using (spider, number)
    where j.project_id = :project
    order by j.id for no key update of j
  ),
  missing as (
    select w.spider, w.number from wanted w
    where not exists (select from found f where f.spider = w.spider and f.number = w.number)
  )`;

// A pending job ends here and now; a running one hears of its stop and ends by its worker.
const STOP = `${NAMED},
  changed as (
    update jobs j
    set state = case when j.state = 'running' then j.state else 'finished' end,
      state_since = case when j.state = 'running' then j.state_since else now() end,
      finished_at = case when j.state = 'running' then j.finished_at else now() end,
      close_reason = case when j.state = 'running' then j.close_reason else 'cancelled' end,
      completed_by = case when j.state = 'running' then j.completed_by else :by end,
      stop_requested_at = coalesce(j.stop_requested_at, now()),
      stop_level = greatest(j.stop_level, 1),
      cancelled_by = coalesce(j.cancelled_by, :by)
    from found f
    where j.id = f.id and j.state in ('pending', 'admitted', 'running') and not exists (select from missing)
    returning j.id, j.state, j.worker
  )
  select
    (select json_agg(m) from missing m) as missing,
    (select json_agg(c) from changed c where c.state = 'running') as running,
    (select count(*)::int from changed) as count`;

// A running crawl of a deleted job is fenced: its worker's next heartbeat finds the row gone from its hands.
const REMOVE = `${NAMED},
  before as (select j.id, j.worker, j.state from jobs j join found f on f.id = j.id),
  changed as (
    update jobs j
    set state = 'deleted', state_since = now(), deleted_at = now(), deleted_by = :by, lease_until = null
    from found f
    where j.id = f.id and j.state <> 'deleted' and not exists (select from missing)
    returning j.id
  )
  select
    (select json_agg(m) from missing m) as missing,
    (select json_agg(b) from before b join changed c on c.id = b.id where b.state = 'running') as running,
    (select count(*)::int from changed) as count`;

interface NamedResult {
  missing: { spider: number; number: number }[] | null;
  running: StopTarget[] | null;
  count: number;
}

export function createJobStore(database: Database): JobStore {
  async function changeNamed(sql: string, project: number, keys: JobKey[], by: string): Promise<NamedResult> {
    const bindings = { project, by, ...keyBindings(project, keys) };
    const { rows } = await database.raw<{ rows: [NamedResult] }>(sql, bindings);
    const gone = rows[0].missing?.[0];
    if (gone) throw jobErrors.notFound(formatJobKey({ project, spider: gone.spider, job: gone.number }));
    return rows[0];
  }

  return translated<JobStore>({
    async schedule(batch) {
      const json = JSON.stringify(batch.map(toBatchRow));
      const { rows } = await database.raw<{ rows: ScheduleRow[] }>('select * from schedule_jobs(?)', [json]);
      const outcomes: ScheduleOutcome[] = [];
      for (const row of rows) {
        outcomes[row.ordinal] =
          row.outcome === 'scheduled'
            ? { outcome: 'scheduled', id: Number(row.id), spider: row.spider, job: row.number }
            : { outcome: row.outcome };
      }
      return outcomes;
    },

    async changeTags(filter, change) {
      if (filter.keys) await requireKeys(database, filter.project, filter.keys);
      const where = whereJobs(filter);
      const bindings = {
        ...where.bindings,
        addTags: [...new Set(change.add)],
        removeTags: change.remove,
        ifHasTag: change.ifHasTag ?? null,
        ifLacksTag: change.ifLacksTag ?? null,
      };
      const run = async (db: Database) => {
        const { rows } = await db.raw<{ rows: [{ count: number }] }>(changeTagsSql(where.sql), bindings);
        return rows[0].count;
      };
      // All jobs of a project may be millions.
      return filter.keys ? run(database) : patiently(database, run);
    },

    async stop(project, keys, by) {
      return (await changeNamed(STOP, project, keys, by)).running ?? [];
    },

    async remove(project, keys, by) {
      const { count, running } = await changeNamed(REMOVE, project, keys, by);
      return { count, stopped: running ?? [] };
    },
  });
}

function changeTagsSql(where: string): string {
  return `
  with selected as (
    select j.id, j.tags from jobs j where ${where}
      and (:ifHasTag::text[] is null or j.tags && :ifHasTag)
      and (:ifLacksTag::text[] is null or not (j.tags && :ifLacksTag))
    order by j.id for no key update
  ),
  wanted as (
    select s.id, array(
      select t from (
        select u.t, u.n from unnest(s.tags) with ordinality u (t, n) where u.t <> all(:removeTags::text[])
        union all
        select a.t, 1000000 + a.n from unnest(:addTags::text[]) with ordinality a (t, n)
        where a.t <> all(s.tags) or a.t = any(:removeTags::text[])
      ) both_lists order by n
    ) as tags
    from selected s
  ),
  changed as (
    update jobs j set tags = w.tags from wanted w where j.id = w.id and j.tags <> w.tags
  )
  select count(*)::int as count from selected`;
}

/** Free-form parts travel as JSON text inside of the batch, so that their escapes reach the columns untouched. */
function toBatchRow(request: ScheduleRequest, ordinal: number): Record<string, unknown> {
  const { args, settings, environment, command, meta, rank, internalArgs } = request;
  return {
    ordinal,
    ...request,
    // As text: JSON has no word for an infinite number.
    rank: rank === undefined ? null : String(rank),
    internalArgs: internalArgs ? JSON.stringify(internalArgs) : null,
    args: spacedJson(args),
    settings: spacedRaw(settings),
    environment: JSON.stringify(environment),
    command: command && JSON.stringify(command),
    meta: JSON.stringify(meta),
  };
}

/** Jobs are never removed from the table, so a key that exists now exists when the change runs. */
async function requireKeys(database: Database, project: number, keys: JobKey[]): Promise<void> {
  const { rows } = await database.raw<{ rows: { spider: number; number: number }[] }>(
    `${NAMED} select spider, number from missing`,
    { project, ...keyBindings(project, keys) },
  );
  const gone = rows[0];
  if (gone) throw jobErrors.notFound(formatJobKey({ project, spider: gone.spider, job: gone.number }));
}
