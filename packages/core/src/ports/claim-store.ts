import type { JobFilter } from '../jobs/filter.ts';
import type { Job, JobKey } from '../jobs/job.ts';

export interface ClaimRequest {
  /** Finished jobs are handed out; the filter narrows them further. */
  filter: JobFilter;
  /** Marks a job as consumed by this pipeline: jobs that carry it are never handed out. */
  tag: string;
  /** At most so many jobs. */
  count: number;
  /** After this long without `ack` the jobs are handed out again, ms. */
  leaseMs: number;
  /** Who consumes: the same name must acknowledge. */
  worker: string;
}

export interface Consumption {
  project: number;
  keys: JobKey[];
  tag: string;
  worker: string;
}

/**
 * Exactly-once consumption of finished jobs: two consumers of one pipeline (one tag) never hold the same job, and a
 * consumer that dies gives its jobs back when its lease lapses.
 */
export interface ClaimStore {
  /** Oldest first. Jobs that somebody holds are passed over, not waited for. */
  claim(request: ClaimRequest): Promise<Job[]>;
  /**
   * Adds the tag and ends the claims, all or nothing. Throws `conflict` when one of the jobs is not held by this
   * worker: its lease lapsed and another one took it. Acknowledging again is fine.
   */
  ack(consumption: Consumption): Promise<number>;
  /** Gives jobs back at once; returns how many were held. */
  release(consumption: Consumption): Promise<number>;
}
