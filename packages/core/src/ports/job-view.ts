import type { JobFilter, PageRequest } from '../jobs/filter.ts';
import type { EndedAttempt, Job, JobDetails, JobKey } from '../jobs/job.ts';

/** Lists for callers. Never used to decide a write. */
export interface JobView {
  page(filter: JobFilter, page: PageRequest): Promise<Job[]>;
  count(filter: JobFilter): Promise<number>;
  /** Every match, newest first, from one snapshot and with flat memory; `total` is of the same snapshot. */
  stream(filter: JobFilter, page: Partial<PageRequest>): Promise<{ total: number; jobs: AsyncIterable<Job> }>;
  find(key: JobKey): Promise<JobDetails | null>;
  /** Ended attempts in their order; null when there is no such job. */
  attempts(key: JobKey): Promise<EndedAttempt[] | null>;
}
