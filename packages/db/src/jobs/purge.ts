import { statesSql } from './select.ts';

/** Whether a job had ended before it was deleted: nothing was writing its streams any more. */
const HAD_ENDED = `(j.finished_at is not null
  and j.finished_at >= greatest(coalesce(j.pending_at, '-infinity'), coalesce(j.running_at, '-infinity')))`;

/**
 * What a job is known by stays taken, in its tombstone, and its streams are on the list of those to free, both in the
 * transaction that removes the row: a crash loses neither. All that belongs to a job goes with its row, by cascade.
 * A job that is being restored is passed over.
 */
export const PURGE = `
  with due as materialized (
    select j.id, j.project_id, j.spider, j.number, j.idempotency_key, j.alias, ${HAD_ENDED} as had_ended
    from jobs j
    where j.state = 'deleted' and j.deleted_at <= now() - :graceMs::float8 * interval '1 ms'
    order by j.deleted_at limit :limit for update of j skip locked
  ),
  remembered as (
    insert into job_tombstones (project_id, spider, number, job_id, idempotency_key, alias)
    select project_id, spider, number, id, idempotency_key, alias from due
    where idempotency_key is not null or alias is not null
  ),
  noted as (
    insert into streams_to_free (project_id, spider, number, free_at)
    select project_id, spider, number,
      now() + case when had_ended then :readersMs::float8 else :writersMs::float8 end * interval '1 ms'
    from due
  ),
  gone as (delete from jobs j using due where j.id = due.id returning j.id)
  select count(*)::int as count from gone`;

// Free metadata that was put out of sight comes back; what was written since then wins.
export const RESTORE = `
  with restored as (
    update jobs j set
      state = 'finished', deleted_at = null, deleted_by = null,
      state_since = case when ${HAD_ENDED} then j.finished_at else j.deleted_at end,
      finished_at = case when ${HAD_ENDED} then j.finished_at else j.deleted_at end,
      close_reason = case when ${HAD_ENDED} then j.close_reason else 'cancelled' end,
      completed_by = case when ${HAD_ENDED} then j.completed_by else j.deleted_by end
    where j.project_id = :project and j.spider = :spider and j.number = :job and j.state in (${statesSql('restore')})
    returning j.id
  ),
  aside as (select d.job_id, d.meta_aside from job_details d join restored r on r.id = d.job_id),
  described as (
    insert into job_meta (job_id, name, value)
    select a.job_id, m.key, m.value from aside a, json_each_text(a.meta_aside) m
    on conflict do nothing
  ),
  cleared as (
    update job_details d set meta_aside = null from aside a where d.job_id = a.job_id and a.meta_aside is not null
  )
  select count(*)::int as count from restored`;
