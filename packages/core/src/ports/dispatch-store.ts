import type { JobCounts, JobDetails, JobKey, Priority } from '../jobs/job.ts';
import type { JobPolicyChange } from '../jobs/policy.ts';

/** A ticket names an attempt of a job; it grants nothing: the worker must still win the claim. */
export interface Ticket {
  id: number;
  attempt: number;
  priority: Priority;
}

/** What the one leader does. */
export interface DispatchStore {
  /**
   * Admits up to `limit` pending jobs: hard limits and weighted fairness between projects, priority 4..0 and FIFO
   * inside one. Without `limit` the free slots of all live workers count. Nothing for a term that has ended: two
   * leaders never admit at once.
   */
  admit(term: number, limit?: number): Promise<Ticket[]>;
  /** Admitted attempts that nobody claimed for `olderThanMs`: their ticket may have been lost. */
  unclaimed(olderThanMs: number): Promise<Ticket[]>;
  /** Ends or re-queues attempts whose lease lapsed, and returns them. */
  reap(): Promise<LostAttempt[]>;
  /** Adds what transitions noted since the last time to the counters of jobs. */
  foldCounts(): Promise<void>;
}

/** An attempt that nobody runs any more. */
export interface LostAttempt {
  id: number;
  attempt: number;
  key: JobKey;
}

export interface WorkerInfo {
  id: string;
  host: string;
  slots: number;
  /** How far it keeps code of projects away from the rest, as plain JSON. */
  isolation?: object;
}

export interface Beat {
  id: number;
  attempt: number;
  counts: JobCounts;
}

/** Answer to one beat; an attempt that is missing in the answer is fenced and must be killed now. */
export interface Confirmed {
  id: number;
  attempt: number;
  stopRequested: boolean;
  stopLevel: StopLevel;
}

/** How hard a job was asked to stop: 0 not at all, 1 politely, 2 once more (Scrapy stops uncleanly), 3 to be killed. */
export type StopLevel = 0 | 1 | 2 | 3;

export interface FinishReport {
  closeReason: string;
  counts: JobCounts;
  /** JSON text of Scrapy's stats, null when none came. */
  scrapyStats: string | null;
  /** Exit code of the crawl's process, or the name of the signal that ended it. */
  exitStatus?: string;
}

/** A job in the hands of its worker. */
export interface ClaimedJob extends JobDetails {
  policy: JobPolicyChange;
}

/**
 * `requeued`: the job's policy wants another try. `already`: this attempt ended before. `fenced`: it is not the
 * current one any more, nothing was written.
 */
export type EndAnswer = 'finished' | 'requeued' | 'already' | 'fenced';

/** What a worker does with the attempts it holds. Every call carries the attempt and is refused when it is old. */
export interface AttemptStore {
  register(worker: WorkerInfo): Promise<void>;
  unregister(workerId: string): Promise<void>;
  /** Null when the attempt is not admitted any more, or another worker was first. */
  claim(id: number, attempt: number, workerId: string, leaseMs: number): Promise<ClaimedJob | null>;
  /** Prolongs all leases in one statement, also the worker's own life sign. */
  heartbeat(workerId: string, beats: Beat[], leaseMs: number): Promise<Confirmed[]>;
  saveStats(id: number, attempt: number, scrapyStats: string): Promise<void>;
  /** Puts a field into the job's metadata, as JSON text, while this attempt of it runs. */
  note(id: number, attempt: number, name: string, json: string): Promise<void>;
  /** Takes an attempt over from a worker process that died on this machine. Null when it is not current any more. */
  adopt(id: number, attempt: number, workerId: string, leaseMs: number): Promise<ClaimedJob | null>;
  /** Ends an attempt. The close reasons `lost` and `shutdown` are the worker's own: its end, not the crawl's. */
  finish(id: number, attempt: number, report: FinishReport): Promise<EndAnswer>;
  /** Which job an attempt that ended before belongs to. Null when there is no such attempt, or its job was deleted. */
  findEnded(id: number, attempt: number): Promise<LostAttempt | null>;
  /**
   * What is really stored of an attempt that ended without its worker, and the crawl's last stats as JSON text, null when
   * they are not known. Does nothing while it runs.
   */
  recount(ended: LostAttempt, counts: JobCounts, scrapyStats: string | null): Promise<void>;
}
