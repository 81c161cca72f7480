import type { JobFilter, PageRequest } from '../jobs/filter.ts';
import type { EndedAttempt, Job, JobDetails, JobKey, JobState } from '../jobs/job.ts';

/**
 * What long lists show of a job. Text that is passed on as it is stays text: a list of a million jobs has no time to make
 * numbers, dates and lists of each.
 */
export interface ListedJob {
  key: JobKey;
  spiderName: string;
  state: JobState;
  /** Digits, as the counts. */
  priority: string;
  items: string;
  pages: string;
  logs: string;
  errors: string;
  /** JSON text of a list. */
  tags: string;
  /** JSON text of an object. */
  args: string;
  version: string | null;
  closeReason: string | null;
  /** Milliseconds since 1970, as the next one. */
  stateSince: number;
  runningAt: number | null;
}

/** Lists for callers. Never used to decide a write. */
export interface JobView {
  page(filter: JobFilter, page: PageRequest): Promise<Job[]>;
  /**
   * Keys of a page of any length, newest first, some hundreds at a time. They are chosen at once, up to tens of thousands,
   * and nothing is held between them: what is read by them page by page comes once each and leaves out nothing, although
   * jobs come to the list and leave it meanwhile.
   */
  keys(filter: JobFilter, page: PageRequest): Promise<AsyncGenerator<JobKey[]>>;
  count(filter: JobFilter): Promise<number>;
  /**
   * Every match, newest first, from one snapshot and with flat memory, some hundreds at a time; `total` is of the same
   * snapshot. Whoever asks for the first has to end the iteration.
   */
  stream(
    filter: JobFilter,
    page: Partial<PageRequest>,
  ): Promise<{ total: number; jobs: AsyncGenerator<ListedJob[]> }>;
  find(key: JobKey): Promise<JobDetails | null>;
  /** Ended attempts in their order; null when there is no such job. */
  attempts(key: JobKey): Promise<EndedAttempt[] | null>;
}
