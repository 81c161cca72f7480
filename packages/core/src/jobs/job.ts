/** The job as the outside sees it. The queue's own state `admitted` (a ticket is out) still reads as pending. */
export type JobState = 'pending' | 'running' | 'finished' | 'deleted';

export const JOB_STATES: readonly JobState[] = ['pending', 'running', 'finished', 'deleted'];

/** 0 is the lowest, 4 the highest (seed page of the Jobs API). */
export type Priority = 0 | 1 | 2 | 3 | 4;
export const DEFAULT_PRIORITY: Priority = 2;

/** `project/spider/job`: three positive integers that are never used twice. */
export interface JobKey {
  project: number;
  spider: number;
  job: number;
}

/** Kept on the job row while records arrive; never recomputed from the streams. */
export interface JobCounts {
  items: number;
  pages: number;
  logs: number;
  errors: number;
}

export interface Job {
  /** Internal row id; never leaves the service. */
  id: number;
  key: JobKey;
  spiderName: string;
  state: JobState;
  /** Fencing token: raised at each admission; names the directory of the job's streams. */
  attempt: number;
  priority: Priority;
  units: number;
  /** In the order in which they were added. */
  tags: string[];
  /** Deployed version; null until a worker chose one. */
  version: string | null;
  closeReason: string | null;
  /** When the job entered its present state: what lists are ordered by. */
  stateSince: Date;
  pendingAt: Date | null;
  runningAt: Date | null;
  finishedAt: Date | null;
  deletedAt: Date | null;
  scheduledBy: string | null;
  startedBy: string | null;
  completedBy: string | null;
  cancelledBy: string | null;
  deletedBy: string | null;
  stopRequested: boolean;
  /** True when an outside worker runs it through jobq: our own workers never touch it. */
  external: boolean;
  counts: JobCounts;
  /** Spider arguments: always strings. */
  args: Record<string, string>;
}

/** A try of a job that has ended. */
export interface EndedAttempt {
  attempt: number;
  startedAt: Date | null;
  endedAt: Date;
  closeReason: string;
  /** Exit code or signal name, null when nobody saw it. */
  exitStatus: string | null;
  counts: JobCounts;
}

/** What lists leave out: everything else that was given at schedule time or reported by the crawl. */
export interface JobDetails extends Job {
  /** Name to JSON text, kept verbatim. */
  settings: Record<string, string>;
  environment: Record<string, string>;
  /** Arguments of a script job (`cmd_args`), null for a spider. */
  command: string[] | null;
  /** Scrapy's stats as the crawl wrote them: JSON text, null before the first report. */
  scrapyStats: string | null;
  /** Free metadata: name to JSON text, kept verbatim. */
  meta: Record<string, string>;
  /** Arguments that the spider gets beside `args` and that lists do not show. */
  internalArgs?: Record<string, string>;
  /** Request that scheduled the job, for the logs. */
  requestId: string | null;
}
