import type { ScrapydImportStore } from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

// Attempt 1 is where the streams of the job lie.
const ADD_ENDED = `
  with numbered as (
    update spiders s set next_job = s.next_job + 1
    where s.project_id = :project and s.name = :spider
      and not exists (select from jobs j where j.project_id = :project and j.alias = :alias)
      and not exists (select from job_tombstones t where t.project_id = :project and t.alias = :alias)
    returning s.number as spider, s.next_job - 1 as number
  ),
  added as (
    insert into jobs (project_id, spider, number, state, attempt, priority, alias, running_at, finished_at,
      state_since, scheduled_by, started_by, completed_by, close_reason, logs, errors)
    select :project, n.spider, n.number, 'finished', 1, 2, :alias, :startedAt, :endedAt, :endedAt, :by, :by, :by,
      :closeReason, :logs, :errors
    from numbered n
    returning id, spider, number
  ),
  described as (insert into job_details (job_id, args, settings) select id, '{}', '{}' from added)
  select id, spider, number as job from added`;

export function createScrapydImportStore(database: Database): ScrapydImportStore {
  return translated<ScrapydImportStore>({
    async addEnded(job, by) {
      const { rows } = await database.raw<{ rows: { id: string; spider: number; job: number }[] }>(
        ADD_ENDED,
        {
          ...job,
          by,
        } as never,
      );
      const [row] = rows;
      return row ? { ...row, id: Number(row.id) } : null;
    },
  });
}
