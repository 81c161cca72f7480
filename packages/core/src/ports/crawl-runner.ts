import type { RegistryLogin } from '../deploy/registry-logins.ts';
import type { JobDetails } from '../jobs/job.ts';
import type { ProcessExit } from '../jobs/outcome.ts';
import type { Version } from './version-store.ts';

/** All that a crawl is started with. */
export interface CrawlRequest {
  job: JobDetails;
  /** Null when nothing is deployed: the crawl then fails with a log line that says so. */
  version: Version | null;
  /** Settings of the project, below those of the spider. */
  projectSettings: Record<string, string>;
  /** Settings of the spider, below the job's own. */
  spiderSettings: Record<string, string>;
  /** Environment variables of the project and of the spider; the job's own stand before them. */
  variables: Record<string, string>;
  /** What the registry of the project's images asks for; null where it asks for nothing. */
  registryLogin?: RegistryLogin | null;
  /** Texts among these that no log is to show, whatever they are called. */
  hidden?: readonly string[];
  /** Token that lets the crawl reach its own job's data. */
  jobToken: string;
  /** Base of the Jobs API as the crawl reaches it, with trailing slash. */
  apiUrl: string;
  /** Base of the storage API as the crawl reaches it. */
  storageUrl: string;
  /** How long the crawl may live when nobody calls `extend`, ms from now. */
  leaseMs: number;
}

/** The commands of a crawl's pipe (Zyte's custom images contract). */
export type PipeCommand = 'ITM' | 'LOG' | 'REQ' | 'STA' | 'FIN';

export interface PipeMessage {
  command: PipeCommand;
  /** The JSON payload as the crawl wrote it. */
  payload: Buffer;
}

/** How many messages of each kind came before a checkpoint. */
export type MessageCounts = Record<PipeCommand, number>;

/**
 * One crawl: a process group under its shim, which spools the pipe to disk. It outlives a worker that dies,
 * but never its deadline.
 */
export interface RunningCrawl {
  /**
   * Zero after `start`. After `adopt`: what the last checkpoint covered, so the first message that `messages` gives
   * is number `resumedAt[command]` of its kind.
   */
  readonly resumedAt: MessageCounts;
  /** Batches in the order of the pipe, from the last checkpoint on. Ends when the group is gone and all is read. */
  messages(): AsyncIterable<PipeMessage[]>;
  /** Declares all messages given so far as durably stored; their spool may go. `counts` includes `resumedAt`. */
  checkpoint(counts: MessageCounts): Promise<void>;
  /** Moves the deadline to `untilMs` on the machine-wide monotonic clock (that of `process.hrtime`), in ms. */
  extend(untilMs: number): Promise<void>;
  /**
   * Asks politely (SIGTERM); a second call makes Scrapy stop uncleanly. The reason stays with the crawl, for whoever
   * adopts it meanwhile.
   */
  stop(reason?: string): Promise<void>;
  /** Why it was stopped or killed before it was adopted, null when it was not. */
  readonly stoppedFor: string | null;
  /** Kills the whole process group. The reason stays with the crawl, as that of a stop does. */
  kill(reason?: string): Promise<void>;
  /**
   * Settles when the group is gone. `deadlinePassed`: the shim killed it because nobody extended its life. `shimDied`:
   * the shim itself was killed, and the crawl with it.
   */
  readonly exited: Promise<ProcessExit & { deadlinePassed: boolean; shimDied?: true }>;
  /** Memory of its processes at this moment, bytes; null when nobody can tell. */
  memoryBytes?(): Promise<number | null>;
  /** Removes the job's directory. Only after `exited` and once the outcome is recorded. */
  cleanUp(): Promise<void>;
}

/** A crawl that another worker process of this machine started, running or ended without being collected. */
export interface Orphan {
  id: number;
  attempt: number;
  adopt(): Promise<RunningCrawl>;
  /** Kills what still runs and removes the directory. */
  discard(): Promise<void>;
}

export interface CrawlRunner {
  start(request: CrawlRequest): Promise<RunningCrawl>;
  orphans(): Promise<Orphan[]>;
}
