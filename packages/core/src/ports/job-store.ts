import type { JobFilter } from '../jobs/filter.ts';
import type { JobKey } from '../jobs/job.ts';
import type { ScheduleOutcome, ScheduleRequest } from '../jobs/schedule.ts';

export interface TagChange {
  add: string[];
  remove: string[];
  /** Changes and counts only jobs that carry one of these when the change happens. */
  ifHasTag?: string[];
  /** Changes and counts only jobs that carry none of these when the change happens. */
  ifLacksTag?: string[];
}

/** A running job that has to hear of its stop. */
export interface StopTarget {
  id: number;
  worker: string | null;
}

/** What callers change. Each method is one guarded statement: it happens as a whole or not at all. */
export interface JobStore {
  /** One commit for the whole batch; outcomes in the order of the requests. */
  schedule(batch: ScheduleRequest[]): Promise<ScheduleOutcome[]>;
  /** Returns how many jobs the filter selected. Additions keep their order and never repeat a tag. */
  changeTags(filter: JobFilter, change: TagChange): Promise<number>;
  /**
   * Pending jobs finish as `cancelled` at once, running ones get a stop request. All or nothing: throws
   * `not_found` when one of the keys does not exist. Finished jobs stay as they are.
   */
  stop(project: number, keys: JobKey[], by: string): Promise<StopTarget[]>;
  /** Marks jobs deleted (running ones are also stopped). Throws `not_found` when one key does not exist. */
  remove(project: number, keys: JobKey[], by: string): Promise<{ count: number; stopped: StopTarget[] }>;
}
