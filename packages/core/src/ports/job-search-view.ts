import type { Job, JobKey, JobState } from '../jobs/job.ts';
import type { JobSearch } from '../jobs/search/search.ts';

/** A place in a list of jobs: behind this one. */
export interface ListPlace {
  /** When it came into its state, microseconds since 1970 in digits. */
  micros: string;
  /** Internal row id, in digits. */
  id: string;
}

/** Newest or oldest change of state first. */
export type ListOrder = 'newest' | 'oldest';

export interface FoundPage {
  jobs: Job[];
  /** Where the next page begins; null when nothing is left. */
  next: ListPlace | null;
  /** The page is short because a search looks at so many jobs and no more: it has come to here. */
  searchedTo: Date | null;
}

/** A number, or that it is at least this. */
export interface BoundedCount {
  count: number;
  atLeast: boolean;
}

/** A job as the rows of its spider show it. */
export interface Run {
  id: number;
  key: JobKey;
  state: JobState;
  attempt: number;
  closeReason: string | null;
  items: number;
  pages: number;
  errors: number;
  version: string | null;
  runningAt: Date | null;
  stateSince: Date;
}

/** What a pending job may wait for. */
export interface WaitFacts {
  /** Internal row id. */
  id: number;
  external: boolean;
  waitUntil: Date | null;
  paused: boolean;
  projectLimit: number | null;
  projectRunning: number;
  spiderLimit: number | null;
  spiderRunning: number;
  /** Of all live workers. */
  slots: number;
}

export interface RunsOf {
  /** Of each spider. */
  count: number;
  /** Only runs that ended well. */
  good: boolean;
  /** Only runs before this job. */
  before?: Pick<Job, 'id' | 'stateSince'>;
}

/**
 * Lists for people who search. What a call costs depends on what it shows, never on how many jobs there are: a search
 * without an index to help looks at some thousands of jobs and says how far it came.
 */
export interface JobSearchView {
  page(
    project: number,
    search: JobSearch,
    page: { after: ListPlace | null; limit: number; order: ListOrder },
  ): Promise<FoundPage>;
  /** Counted up to a thousand; exact beyond where counters know. */
  matching(project: number, search: JobSearch): Promise<BoundedCount>;
  /** Finished jobs that came to that since a moment, all and those that failed; counted up to a thousand. */
  finishedSince(project: number, since: Date): Promise<{ finished: BoundedCount; failed: BoundedCount }>;
  waits(project: number, ids: readonly number[]): Promise<WaitFacts[]>;
  /** Spiders that have pending or running jobs, and how many, by their numbers. */
  live(project: number): Promise<Map<number, { pending: number; running: number }>>;
  /** Finished runs of spiders, the newest first. */
  runs(project: number, spiders: readonly number[], of: RunsOf): Promise<Run[]>;
  /** The jobs of the spider before and after one, by number; null where there is none. */
  neighbours(key: JobKey): Promise<{ previous: number | null; next: number | null }>;
  /** How many pending jobs of its project go first, and one more; null beyond a thousand, and for what does not wait. */
  place(key: JobKey): Promise<number | null>;
}
