import {
  type Actor,
  type ChangedJob,
  formatJobKey,
  type JobSelection,
  jobErrors,
  type StopRequest,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { noteJobs } from './note.ts';
import { CHANGED_COLUMNS, type ChangedRow, LET_GO, selectJobs, statesSql } from './select.ts';

const countOfLast = (name: string) =>
  `${name} = case when j.state = 'running' then j.${name} else coalesce(a.${name}, j.${name}) end`;

// A pending job ends here and now; a running one hears of its stop and ends by its worker. Calls that escalate are
// counted, as Scrapy counts signals. New values follow from `j`, never from `f`: when a worker claims the job meanwhile,
// Postgres first tries them on the row as it was, and a row that is half of each breaks the table's checks. A job that waits
// for another attempt counts nothing; when none comes, its numbers are those of the last one, whose records are kept.
const STOP = `
  changed as (
    update jobs j set
      state = case when j.state = 'running' then j.state else 'finished' end,
      state_since = case when j.state = 'running' then j.state_since else now() end,
      finished_at = case when j.state = 'running' then j.finished_at else now() end,
      close_reason = case when j.state = 'running' then j.close_reason else 'cancelled' end,
      completed_by = case when j.state = 'running' then j.completed_by else :by end,
      stop_requested_at = coalesce(j.stop_requested_at, now()),
      cancelled_by = coalesce(j.cancelled_by, :by),
      ${['items', 'pages', 'logs', 'errors'].map(countOfLast).join(', ')},
      stop_level = greatest(j.stop_level, case when :escalate and :level::int = 1 then least(j.stop_level + 1, 2) else :level::int end)
    from found f left join job_attempts a on a.job_id = f.id and a.attempt = f.attempt
    where j.id = f.id and f.state in (${statesSql('stop')}) and (f.state <> 'running' or :level::int > 0)
      and not exists (select from missing)
    returning j.id
  )
  select (select json_agg(m) from missing m) as missing,
    (select json_agg(x) from (select ${CHANGED_COLUMNS} from found f where f.state in (${statesSql('stop')})) x) as changed`;

// The crawl of a running job is fenced: its worker's next heartbeat finds the lease gone.
const REMOVE = `
  changed as (
    update jobs j set state = 'deleted', state_since = now(), deleted_at = now(), deleted_by = :by,
      items = coalesce(l.items, j.items), pages = coalesce(l.pages, j.pages), logs = coalesce(l.logs, j.logs),
      errors = coalesce(l.errors, j.errors)
    from found f left join leases l on l.job_id = f.id
    where j.id = f.id and f.state in (${statesSql('remove')}) and not exists (select from missing)
    returning j.id
  ),
  ${LET_GO},
  forgotten as (
    delete from job_meta m using found f where :forget and m.job_id = f.id and not exists (select from missing)
    returning m.job_id, m.name, m.value
  ),
  set_aside as (
    update job_details d set meta_aside = coalesce(d.meta_aside, f.fields)
    from (select job_id, json_object_agg(name, value) as fields from forgotten group by job_id) f
    where d.job_id = f.job_id
  )
  select (select json_agg(m) from missing m) as missing,
    (select json_agg(x) from (select ${CHANGED_COLUMNS} from found f join changed c on c.id = f.id) x) as changed`;

interface Answer {
  missing: { spider: number; number: number }[] | null;
  changed: ChangedRow[] | null;
}

async function change(
  database: Database,
  selection: JobSelection,
  sql: string,
  bindings: Record<string, unknown>,
): Promise<ChangedJob[]> {
  const selected = selectJobs(selection);
  const { rows } = await database.raw<{ rows: [Answer] }>(`${selected.sql}, ${sql}`, {
    ...selected.bindings,
    ...bindings,
  });
  const [{ missing, changed }] = rows;
  const gone = missing?.[0];
  if (gone && 'project' in selection) {
    throw jobErrors.notFound(
      formatJobKey({ project: selection.project, spider: gone.spider, job: gone.number }),
    );
  }
  return (changed ?? []).map(toChangedJob);
}

export function toChangedJob(row: ChangedRow): ChangedJob {
  const key = { project: row.project_id, spider: row.spider, job: row.number };
  return { key, previous: row.previous, worker: row.worker };
}

/** A part of a larger transaction, which notes it in its own words. */
export function stopJobs(
  database: Database,
  selection: JobSelection,
  { level, escalate = false, by }: StopRequest,
): Promise<ChangedJob[]> {
  return change(database, selection, STOP, { level, escalate, by: by.name });
}

/** See JobStore.stop. */
export function stopAndNote(
  database: Database,
  selection: JobSelection,
  request: StopRequest,
): Promise<ChangedJob[]> {
  return database.transaction(async (tx) => {
    const met = await stopJobs(tx, selection, request);
    // Nothing was asked of those that run.
    const stopped = request.level === 0 ? met.filter(({ previous }) => previous !== 'running') : met;
    await noteJobs(tx, request.by, 'jobs.stopped', stopped, { after: { level: request.level } });
    return met;
  });
}

/** See JobStore.remove. */
export function removeJobs(
  database: Database,
  selection: JobSelection,
  by: Actor,
  { forget } = { forget: false },
): Promise<ChangedJob[]> {
  return database.transaction(async (tx) => {
    const removed = await change(tx, selection, REMOVE, { by: by.name, forget });
    await noteJobs(tx, by, 'jobs.deleted', removed);
    return removed;
  });
}
