import type { JobFilter } from '../jobs/filter.ts';
import type { Job, JobDetails, JobKey } from '../jobs/job.ts';

/** Lists of the queue. Never used to decide a write. */
export interface JobqView {
  /** Like JobView.page, with all details. */
  details(filter: JobFilter, page: { count: number; offset: number }): Promise<JobDetails[]>;
  /** The last finished job of each spider, by spider number. */
  lastFinished(
    project: number,
    page: { spider?: number; afterSpider?: number; count?: number; offset?: number },
  ): Promise<Job[]>;
  /** Jobs that are not deleted, by key: up to `limit` behind `after`. */
  byKey(project: number, spider: number | null, after: JobKey | null, limit: number): Promise<Job[]>;
}
