import type { Actor } from '../access/actor.ts';
import type { JobFilter } from '../jobs/filter.ts';
import type { JobCounts, JobKey, JobState } from '../jobs/job.ts';
import type { MetadataChange } from '../jobs/metadata-change.ts';
import type { ScheduleOutcome, ScheduleRequest } from '../jobs/schedule.ts';
import type { Ceiling } from '../limits/pending.ts';
import type { StopLevel } from './dispatch-store.ts';

export interface TagChange {
  add: string[];
  remove: string[];
  /** Changes and counts only jobs that carry one of these when the change happens. */
  ifHasTag?: string[];
  /** Changes and counts only jobs that carry none of these when the change happens. */
  ifLacksTag?: string[];
}

/** Which jobs a change is for. Jobs that are deleted are never among them, except by their keys. */
export type JobSelection =
  /** `strict`: throws `not_found` when one of the keys never was a job, and changes nothing. */
  | { project: number; keys: readonly JobKey[]; strict: boolean }
  /** The job with this alias in one of the projects, or with this key. */
  | { projects: readonly number[]; alias: string; key: JobKey | null }
  /** All that no worker has, outside jobs left out. */
  | { project: number; waiting: true };

/** One job that a change reached. */
export interface ChangedJob {
  key: JobKey;
  previous: JobState;
  /** Our worker that runs it and has to hear of the change. */
  worker: string | null;
}

export interface StopRequest {
  /** 0 asks nothing of a running job, 1 politely, 2 once more, 3 to be killed. */
  level: StopLevel;
  /** Another polite request counts as level 2, as a second signal does to Scrapy. */
  escalate?: boolean;
  by: Actor;
}

export interface MoveRequest {
  project: number;
  spider: number;
  /** Null: all jobs of the spider that are not deleted. */
  job: number | null;
  /** Null: the state stays. */
  state: JobState | null;
  change: MetadataChange;
  by: Actor;
}

/** What callers change. Each method is one guarded statement or one transaction: it happens as a whole or not at all. */
export interface JobStore {
  /**
   * One commit for the whole batch; outcomes in the order of the requests. Of the projects of `ceilings` no more jobs wait
   * afterwards than these allow: what is beyond them is `full`.
   */
  schedule(batch: ScheduleRequest[], ceilings?: readonly Ceiling[]): Promise<ScheduleOutcome[]>;
  /** Returns how many jobs the filter selected. Additions keep their order and never repeat a tag. Throws `invalid` for a job that would have more than can be written back. */
  changeTags(filter: JobFilter, change: TagChange, by: Actor): Promise<number>;
  /** Pending jobs finish as `cancelled` at once, running ones get a stop request. Others are not in the answer. */
  stop(selection: JobSelection, request: StopRequest): Promise<ChangedJob[]>;
  /** Marks jobs deleted; crawls of running ones are fenced. `forget`: free metadata goes out of sight at once. */
  remove(selection: JobSelection, by: Actor, options?: { forget: boolean }): Promise<ChangedJob[]>;
  /**
   * The next pending job that outside workers may take (any in a paused project, else only jobs kept for them),
   * from now on running in the caller's hands. Two callers never get the same. Null when there is none.
   */
  take(project: number, change: MetadataChange, by: Actor): Promise<JobKey | null>;
  /**
   * Moves jobs to any state and changes metadata. Deleted and unknown jobs are not touched. In the order of the
   * answer: pending, running, finished, the oldest first. Throws `conflict` when a job would become active again
   * beside another one with its unique key, and `forbidden` when more would wait than the ceiling allows.
   */
  move(request: MoveRequest, ceiling?: Ceiling): Promise<ChangedJob[]>;
  /** Changes metadata in any state. False when there is no such job. */
  describe(key: JobKey, change: MetadataChange): Promise<boolean>;
  /** Counts of records that came over HTTP. Jobs that our own worker runs are left alone: it counts itself. */
  saveCounts(id: number, attempt: number, counts: Partial<JobCounts>): Promise<void>;
}
