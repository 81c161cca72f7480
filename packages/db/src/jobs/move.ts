import {
  type Actor,
  type Ceiling,
  type ChangedJob,
  DomainError,
  type JobKey,
  type MetadataChange,
  type MoveRequest,
  reached,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { countPending, lockOrganisations } from './ceilings.ts';
import { toChangedJob } from './change.ts';
import { describeSql, metadataBindings } from './metadata-sql.ts';
import { noteJobs } from './note.ts';
import { type ChangedRow, LET_GO, statesSql } from './select.ts';

// Both halves are index look-ups; whichever row is not taken is unlocked by the commit.
const TAKE = `
  with candidates as (
    select * from (
      select w.id, w.priority, w.rank from jobs w join projects p on p.id = w.project_id and p.paused
      where w.project_id = :project and w.state in (${statesSql('take')}) and not w.external
      order by w.priority desc, w.rank desc, w.id limit 1 for update of w skip locked
    ) of_paused
    union all
    select * from (
      select w.id, w.priority, w.rank from jobs w
      where w.project_id = :project and w.state in (${statesSql('take')}) and w.external
      order by w.priority desc, w.rank desc, w.id limit 1 for update skip locked
    ) of_outside
  )
  update jobs j set state = 'running', state_since = now(), running_at = now(), started_by = :by, external = true
  where j.id = (select c.id from candidates c order by c.priority desc, c.rank desc, c.id limit 1)
    and j.state in (${statesSql('take')})
  returning j.id, j.spider, j.number`;

// A job that one of our workers runs is taken from it here: its next heartbeat finds the lease gone.
const MOVE = `
  with found as (
    select j.id, j.project_id, j.spider, j.number, j.state_since as since, j.worker, j.external, j.state,
      case j.state when 'admitted' then 'pending' else j.state end as previous,
      :state::text is not null and :state::text <> case j.state when 'admitted' then 'pending' else j.state end as enters
    from jobs j
    where j.project_id = :project and j.spider = :spider and (:job::int is null or j.number = :job::int)
      and j.state in (${statesSql('remove')})
    order by j.id for no key update
  ),
  changed as (
    update jobs j set
      state = :state::text, state_since = now(),
      external = j.external or :state::text = 'running',
      worker = case when :state::text in ('pending', 'running') then null else j.worker end,
      stop_requested_at = case when :state::text in ('pending', 'running') then null else j.stop_requested_at end,
      stop_level = case when :state::text in ('pending', 'running') then 0 else j.stop_level end,
      pending_at = case when :state::text = 'pending' then now() else j.pending_at end,
      scheduled_by = case when :state::text = 'pending' then :by else j.scheduled_by end,
      running_at = case when :state::text = 'running' then now() else j.running_at end,
      started_by = case when :state::text = 'running' then :by else j.started_by end,
      finished_at = case when :state::text = 'finished' then now() else j.finished_at end,
      completed_by = case when :state::text = 'finished' then :by else j.completed_by end,
      deleted_at = case when :state::text = 'deleted' then now() else j.deleted_at end,
      deleted_by = case when :state::text = 'deleted' then :by else j.deleted_by end,
      items = coalesce(l.items, j.items), pages = coalesce(l.pages, j.pages), logs = coalesce(l.logs, j.logs),
      errors = coalesce(l.errors, j.errors)
    from found f left join leases l on l.job_id = f.id
    where j.id = f.id and f.enters
    returning j.id
  ),
  ${LET_GO}
  select f.id, f.project_id, f.spider, f.number, f.previous,
    case when f.enters and f.previous = 'running' and not f.external then f.worker end as worker
  from found f
  order by array_position(array['pending', 'running', 'finished'], f.previous), f.since, f.id`;

async function describe(db: Database, ids: readonly string[], change: MetadataChange): Promise<void> {
  for (const sql of describeSql(change)) await db.raw(sql, { ids, ...metadataBindings(change) });
}

/** See JobStore.take. */
export function takeJob(
  database: Database,
  project: number,
  change: MetadataChange,
  by: Actor,
): Promise<JobKey | null> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.raw<{ rows: { id: string; spider: number; number: number }[] }>(TAKE, {
      project,
      by: by.name,
    });
    const [row] = rows;
    if (!row) return null;
    await describe(tx, [row.id], change);
    const key = { project, spider: row.spider, job: row.number };
    await noteJobs(tx, by, 'jobs.taken', [{ key }]);
    return key;
  });
}

/** See JobStore.move. */
export async function moveJobs(
  database: Database,
  request: MoveRequest,
  ceiling?: Ceiling,
): Promise<ChangedJob[]> {
  const { change, by, ...rest } = request;
  const bindings = { ...rest, by: by.name };
  try {
    // All jobs of a spider may be millions.
    return await patiently(database, async (tx) => {
      if (ceiling) await lockOrganisations(tx, [ceiling.organisation]);
      const { rows } = await tx.raw<{ rows: (ChangedRow & { id: string })[] }>(MOVE, bindings);
      await describe(
        tx,
        rows.map((row) => row.id),
        change,
      );
      // What waits already is not moved to where it is.
      if (ceiling && rows.some(({ previous }) => previous !== 'pending')) await checkPending(tx, ceiling);
      const moved = rows.map(toChangedJob);
      await noteMoved(tx, request, moved);
      return moved;
    });
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error;
    throw new DomainError(
      'conflict',
      'active_job_exists',
      'Active job exists with the unique key of this job',
    );
  }
}

/** Only what another state has: descriptions of jobs are what whoever runs them says. */
async function noteMoved(tx: Database, { state, by }: MoveRequest, moved: ChangedJob[]): Promise<void> {
  if (state === null) return;
  const entered = moved.filter(({ previous }) => previous !== state);
  if (state === 'deleted') await noteJobs(tx, by, 'jobs.deleted', entered);
  else await noteJobs(tx, by, 'jobs.moved', entered, { after: { state } });
}

/** Throws, so that nothing of the transaction remains, when more jobs wait now than may. */
async function checkPending(tx: Database, ceiling: Ceiling): Promise<void> {
  const error = reached('pendingJobs', ceiling, await countPending(tx, ceiling.project), 0);
  if (error) throw error;
}

/** See JobStore.describe. */
export function describeJob(database: Database, key: JobKey, change: MetadataChange): Promise<boolean> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.raw<{ rows: { id: string }[] }>(
      'select id from jobs where project_id = :project and spider = :spider and number = :job for no key update',
      { ...key },
    );
    await describe(
      tx,
      rows.map((row) => row.id),
      change,
    );
    return rows.length > 0;
  });
}
