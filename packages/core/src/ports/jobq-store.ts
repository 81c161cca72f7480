import type { MetadataChange } from '../jobq/metadata-change.ts';
import type { JobFilter } from '../jobs/filter.ts';
import type { Job, JobCounts, JobDetails, JobKey, JobState } from '../jobs/job.ts';
import type { StopTarget } from './job-store.ts';

export interface JobUpdate {
  project: number;
  spider: number;
  /** Null: all jobs of the spider that are not deleted. */
  job: number | null;
  /** Null: the state stays. */
  state: JobState | null;
  change: MetadataChange;
  by: string;
}

/** One job that an update reached. */
export interface UpdatedJob {
  key: JobKey;
  previous: JobState;
  /** Our worker that ran it and now has to let go of it. */
  worker: string | null;
}

/** Jobs in the hands of outside workers. Each method is one guarded statement. */
export interface JobqStore {
  /**
   * The next pending job that outside workers may take (any in a paused project, else only jobs kept for them),
   * from now on running in the caller's hands. Two callers never get the same. Null when there is none.
   */
  take(project: number, change: MetadataChange, by: string): Promise<JobKey | null>;
  /**
   * Moves jobs to any state and changes metadata. Deleted and unknown jobs are not touched. In the order of the
   * answer: pending, running, finished, the oldest first. Throws `conflict` when a job would become active again
   * beside another one with its unique key.
   */
  update(update: JobUpdate): Promise<UpdatedJob[]>;
  /** Like JobStore.stop, but unknown keys are passed over. `count`: pending and running jobs among them. */
  cancel(
    project: number,
    keys: readonly JobKey[],
    by: string,
  ): Promise<{ count: number; stopped: StopTarget[] }>;
  /** Changes metadata in any state. False when there is no such job. */
  describe(key: JobKey, change: MetadataChange): Promise<boolean>;
  /** Marks the job deleted and forgets its free metadata. */
  purge(key: JobKey, by: string): Promise<StopTarget[]>;
  /** Counts of records that came over HTTP. Jobs that our own worker runs are left alone: it counts itself. */
  saveCounts(id: number, attempt: number, counts: Partial<JobCounts>): Promise<void>;
}

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
