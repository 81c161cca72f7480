import type { Actor } from '../access/actor.ts';
import type { JobKey } from '../jobs/job.ts';
import type { StoredBlob } from './blob-store.ts';

/** A spider whose project or own words limit how long its finished jobs are kept. */
export interface KeptSpider {
  project: number;
  spider: number;
  days: number | null;
  count: number | null;
  keepTags: string[];
}

/** What becomes of jobs that were deleted, and of those that were kept for long enough. Every call may be repeated. */
export interface RetentionStore {
  /**
   * Removes up to `limit` jobs that were deleted at least `graceMs` ago, with all of their rows, in one transaction; the
   * longest deleted first. Their keys and names stay taken, and their streams are on the list of those to free. Returns
   * how many went.
   */
  purge(graceMs: number, limit: number): Promise<number>;
  /** Up to `limit` jobs without rows whose streams nobody can be reading or writing any more. */
  streamsToFree(limit: number): Promise<JobKey[]>;
  /** Takes jobs from that list: their streams are gone. */
  streamsFreed(keys: readonly JobKey[]): Promise<void>;
  /** Up to `limit` spiders behind `after` in order of project and number. */
  keptSpiders(after: { project: number; spider: number } | null, limit: number): Promise<KeptSpider[]>;
  /**
   * Marks up to `limit` finished jobs of the spider deleted that are older or more than it keeps, the oldest first. Those
   * that a pipeline is consuming stay. Returns how many.
   */
  expire(kept: KeptSpider, by: string, limit: number): Promise<number>;
  /** Makes a deleted job a finished one again; one that had not finished counts as cancelled. False: it is not there. */
  restore(actor: Actor, key: JobKey): Promise<boolean>;
}

/** Which blobs there are, and when they were last stored. */
export interface BlobLedger {
  /** The blob is about to be stored and named: from now on nobody removes it for `unusedMs` of `collect`. */
  touch(blob: StoredBlob): Promise<void>;
  /** Notes blobs that nobody told of, as if they were stored now. */
  note(blobs: readonly StoredBlob[]): Promise<void>;
  /**
   * Of up to `limit` blobs behind `after` calls `remove` with those that nothing names and that nobody touched for
   * `unusedMs`, and forgets them. Nobody can touch one of them meanwhile. `last` is where to go on, null at the end.
   */
  collect(
    page: { after: string; limit: number; unusedMs: number },
    remove: (sha256: string) => Promise<void>,
  ): Promise<{ removed: number; last: string | null }>;
}

/** Rows that nobody needs any more. Each call removes up to `limit` and returns how many went. */
export interface LeftoverStore {
  /** Events older than `ageMs`. */
  removeEvents(ageMs: number, limit: number): Promise<number>;
  /** Records of collections that have expired. */
  removeExpiredRecords(limit: number): Promise<number>;
  /** Claims of pipelines and rows of workers that gave no sign of life for `ageMs`. */
  removeSilent(ageMs: number, limit: number): Promise<number>;
  /** Names of machines whose workers gave a sign of life within `ageMs`. */
  hostsSeen(ageMs: number): Promise<string[]>;
  /** Numbers of a project's spiders; none when there is no such project. */
  spidersOf(project: number): Promise<ReadonlySet<number>>;
}

/** What a project takes. */
export interface ProjectUsage {
  project: number;
  name: string;
  pending: number;
  running: number;
  finished: number;
  deleted: number;
  items: number;
  /** Of what the project names; what several projects name counts for each. */
  blobBytes: number;
}

export interface UsageView {
  /** Of one project, or all, by number. Reads all jobs: takes seconds where there are millions. */
  usage(project: number | null): Promise<ProjectUsage[]>;
}
