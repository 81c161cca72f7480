import type { JobDetails } from '../jobs/job.ts';
import type { ProcessExit } from '../jobs/outcome.ts';
import type { Version } from './version-store.ts';

/** All that a crawl is started with. */
export interface CrawlRequest {
  job: JobDetails;
  version: Version;
  /** Project settings below the job's own settings. */
  projectSettings: Record<string, unknown>;
  /** Token that lets the crawl reach its own job's data. */
  jobToken: string;
  /** Base of the Jobs API as the crawl reaches it, with trailing slash. */
  apiUrl: string;
  /** Base of the storage API as the crawl reaches it. */
  storageUrl: string;
  /** Until when the crawl may live without a further `extend`, ms from now. */
  leaseMs: number;
}

/** Facts in order of the pipe: one JSON payload each, raw bytes. */
export type PipeCommand = 'ITM' | 'LOG' | 'REQ' | 'STA' | 'FIN';

export interface PipeMessage {
  command: PipeCommand;
  payload: Buffer;
}

/** One crawl process group under its shim. It outlives a worker, but never its deadline. */
export interface RunningCrawl {
  /** Messages in order until the pipe's end; ends only after the process group is gone. */
  messages(): AsyncIterable<PipeMessage[]>;
  /** Moves the deadline to `leaseMs` after `confirmedAtMs` (performance.now() when the heartbeat was sent). */
  extend(confirmedAtMs: number, leaseMs: number): void;
  /** Asks politely (SIGTERM); repeated calls force an unclean stop of Scrapy. */
  stop(): void;
  /** Kills the whole process group. */
  kill(): void;
  /** Settles when the group is gone. */
  readonly exited: Promise<ProcessExit>;
  /** Removes the job's directory. Only after `exited`, and when its outcome is recorded. */
  cleanUp(): Promise<void>;
}

export interface CrawlRunner {
  start(request: CrawlRequest): Promise<RunningCrawl>;
  /** Crawls of this machine that still run, or ended without being collected, keyed by `id-attempt`. */
  orphans(): Promise<{ id: number; attempt: number; adopt(): Promise<RunningCrawl> }[]>;
}
