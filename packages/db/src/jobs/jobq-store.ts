import {
  DomainError,
  type JobKey,
  type JobqStore,
  type JobState,
  type MetadataChange,
  type StopTarget,
  type UpdatedJob,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { translated } from '../pg-errors.ts';
import { keyBindings } from './filter-sql.ts';
import { describeSql, metadataBindings } from './metadata-sql.ts';

interface KeyRow {
  spider: number;
  number: number;
}

// Both halves are index look-ups; whichever row is not taken is unlocked by the commit.
const TAKE = `
  with candidates as (
    select * from (
      select w.id, w.priority, w.rank from jobs w join projects p on p.id = w.project_id and p.paused
      where w.project_id = :project and w.state = 'pending' and not w.external
      order by w.priority desc, w.rank desc, w.id limit 1 for update of w skip locked
    ) of_paused
    union all
    select * from (
      select w.id, w.priority, w.rank from jobs w
      where w.project_id = :project and w.state = 'pending' and w.external
      order by w.priority desc, w.rank desc, w.id limit 1 for update skip locked
    ) of_outside
  )
  update jobs j set state = 'running', state_since = now(), running_at = now(), started_by = :by, external = true
  where j.id = (select c.id from candidates c order by c.priority desc, c.rank desc, c.id limit 1)
    and j.state = 'pending'
  returning j.spider, j.number`;

// A job that one of our workers runs is taken from it here: its next heartbeat finds the row gone from its hands.
const MOVE = `
  with target as (
    select j.id, j.spider, j.number, j.state_since as since, j.worker, j.external,
      case j.state when 'admitted' then 'pending' else j.state end as was,
      :state::text is not null and :state::text <> case j.state when 'admitted' then 'pending' else j.state end as enters
    from jobs j
    where j.project_id = :project and j.spider = :spider and (:job::int is null or j.number = :job::int)
      and j.state <> 'deleted'
    order by j.id for no key update
  ),
  moved as (
    update jobs j set
      state = :state::text, state_since = now(), lease_until = null,
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
      deleted_by = case when :state::text = 'deleted' then :by else j.deleted_by end
    from target t where j.id = t.id and t.enters
    returning j.id
  )
  select t.id, t.spider, t.number, t.was,
    case when t.enters and t.was = 'running' and not t.external then t.worker end as worker
  from target t
  order by array_position(array['pending', 'running', 'finished'], t.was), t.since, t.id`;

const CANCEL = `
  with found as (
    select j.id from jobs j
    where j.project_id = :project and j.state in ('pending', 'admitted', 'running')
      and (j.spider, j.number) in (select * from unnest(:keySpiders::int[], :keyNumbers::int[]))
    order by j.id for no key update
  )
  update jobs j set
    state = case when j.state = 'running' then j.state else 'finished' end,
    state_since = case when j.state = 'running' then j.state_since else now() end,
    finished_at = case when j.state = 'running' then j.finished_at else now() end,
    close_reason = case when j.state = 'running' then j.close_reason else 'cancelled' end,
    completed_by = case when j.state = 'running' then j.completed_by else :by end,
    stop_requested_at = coalesce(j.stop_requested_at, now()),
    stop_level = greatest(j.stop_level, 1),
    cancelled_by = coalesce(j.cancelled_by, :by)
  from found f
  where j.id = f.id and j.state in ('pending', 'admitted', 'running')
  returning j.id, j.state, j.worker`;

const PURGE = `
  with target as (
    select j.id, j.state, j.worker from jobs j
    where j.project_id = :project and j.spider = :spider and j.number = :job for no key update
  ),
  gone as (
    update jobs j set state = 'deleted', state_since = now(), deleted_at = now(), deleted_by = :by, lease_until = null
    from target t where j.id = t.id and j.state <> 'deleted'
  ),
  forgotten as (delete from job_meta m using target t where m.job_id = t.id)
  select t.id, t.worker from target t where t.state = 'running' and t.worker is not null`;

// Our own workers count what their crawls write; for all other jobs the API does.
const SAVE_COUNTS = `
  update jobs set items = coalesce(:items, items), pages = coalesce(:pages, pages), logs = coalesce(:logs, logs),
    errors = coalesce(:errors, errors)
  where id = :id and attempt = :attempt and (external or state not in ('admitted', 'running'))`;

export function createJobqStore(database: Database): JobqStore {
  async function describe(db: Database, ids: readonly string[], change: MetadataChange): Promise<void> {
    for (const sql of describeSql(change)) await db.raw(sql, { ids, ...metadataBindings(change) });
  }

  return translated<JobqStore>({
    async take(project, change, by) {
      return database.transaction(async (tx) => {
        const { rows } = await tx.raw<{ rows: (KeyRow & { id: string })[] }>(`${TAKE}, j.id`, {
          project,
          by,
        });
        const [row] = rows;
        if (!row) return null;
        await describe(tx, [row.id], change);
        return { project, spider: row.spider, job: row.number };
      });
    },

    async update({ project, spider, job, state, change, by }) {
      try {
        // All jobs of a spider may be millions.
        return await patiently(database, async (tx) => {
          const bindings = { project, spider, job, state, by };
          const { rows } = await tx.raw<{
            rows: (KeyRow & { id: string; was: JobState; worker: string | null })[];
          }>(MOVE, bindings);
          await describe(
            tx,
            rows.map((row) => row.id),
            change,
          );
          return rows.map(
            (row): UpdatedJob => ({
              key: { project, spider: row.spider, job: row.number },
              previous: row.was,
              worker: row.worker,
            }),
          );
        });
      } catch (error) {
        if ((error as { code?: string }).code !== '23505') throw error;
        throw new DomainError(
          'conflict',
          'active_job_exists',
          'Active job exists with the unique key of this job',
        );
      }
    },

    async cancel(project, keys, by) {
      const bindings = { project, by, ...keyBindings(project, keys) };
      const { rows } = await database.raw<{ rows: (StopTarget & { state: string })[] }>(CANCEL, bindings);
      return { count: rows.length, stopped: rows.filter((row) => row.state === 'running') };
    },

    async describe(key: JobKey, change) {
      return database.transaction(async (tx) => {
        const { rows } = await tx.raw<{ rows: { id: string }[] }>(
          `select id from jobs where project_id = :project and spider = :spider and number = :job for no key update`,
          { ...key },
        );
        await describe(
          tx,
          rows.map((row) => row.id),
          change,
        );
        return rows.length > 0;
      });
    },

    async purge(key, by) {
      const { rows } = await database.raw<{ rows: StopTarget[] }>(PURGE, { ...key, by });
      return rows;
    },

    async saveCounts(id, attempt, { items = null, pages = null, logs = null, errors = null }) {
      await database.raw(SAVE_COUNTS, { id, attempt, items, pages, logs, errors });
    },
  });
}
