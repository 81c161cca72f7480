import {
  type AttemptStore,
  type ClaimedJob,
  type CrawlRunner,
  formatJobKey,
  type JobDetails,
  type JobKey,
  type Orphan,
  type RunningCrawl,
  type StreamStore,
  type Version,
} from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { endCrawl } from './end-crawl.ts';
import { finishAttempt } from './finish.ts';
import { followCrawl } from './follow-crawl.ts';
import type { Heartbeat } from './heartbeat.ts';
import { type Holding, holdAttempt } from './holding.ts';
import { logFailure } from './log-failure.ts';

export interface SupervisorOptions {
  workerId: string;
  leaseMs: number;
  stopGraceMs: number;
  attempts: AttemptStore;
  streams: StreamStore;
  runner: CrawlRunner;
  heartbeat: Heartbeat;
  findVersion: (project: number, name: string) => Promise<Version | null>;
  projectSettings: (project: number) => Promise<Record<string, unknown>>;
  signToken: (key: JobKey) => string;
  apiUrl: string;
  storageUrl: string;
  /** A slot became free. */
  onFree: () => void;
  log: Logger;
}

/** Runs attempts from claim to outcome. */
export interface Supervisor {
  /** Works on a ticket; returns at once when the attempt is not to be had. */
  run(id: number, attempt: number): Promise<void>;
  /** Takes over what a dead worker process of this machine left behind. */
  adopt(orphan: Orphan): Promise<void>;
  /** Asks every crawl to end and gives its job back to the queue; returns when all are over. */
  shutdown(graceMs: number): Promise<void>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { attempts, runner, streams, heartbeat, leaseMs, workerId } = options;
  const holdings = new Set<Holding>();
  const working = new Set<Promise<void>>();

  function logOf(job: JobDetails): Logger {
    const { attempt, requestId } = job;
    return options.log.child({
      job: formatJobKey(job.key),
      attempt,
      ...(requestId !== null && { requestId }),
    });
  }

  /** Holds the lease while `begin` makes a crawl and until that crawl is over. */
  async function hold(job: ClaimedJob, begin: () => Promise<RunningCrawl>): Promise<void> {
    const log = logOf(job);
    const holding = holdAttempt(job, { graceMs: options.stopGraceMs }, log);
    holdings.add(holding);
    heartbeat.hold(holding);
    try {
      const crawl = await begin();
      holding.attach(crawl);
      const followed = await followCrawl(crawl, { job, streams, attempts, holding, log });
      await endCrawl({ crawl, followed, job, attempts, holding, log });
    } catch (error) {
      log.error({ err: error }, 'crawl could not be started');
      const counts = await logFailure(streams, job, error).catch(() => job.counts);
      const report = { closeReason: 'failed', counts, scrapyStats: null };
      await finishAttempt(attempts, job, report, log);
    } finally {
      holdings.delete(holding);
      heartbeat.drop(holding);
      holding.over();
      options.onFree();
    }
  }

  async function begin(job: JobDetails): Promise<RunningCrawl> {
    return runner.start({
      job,
      version: job.version === null ? null : await options.findVersion(job.key.project, job.version),
      projectSettings: await options.projectSettings(job.key.project),
      jobToken: options.signToken(job.key),
      apiUrl: options.apiUrl,
      storageUrl: options.storageUrl,
      leaseMs,
    });
  }

  function tracked(work: Promise<void>): Promise<void> {
    working.add(work);
    return work.finally(() => working.delete(work));
  }

  return {
    async run(id, attempt) {
      const job = await attempts.claim(id, attempt, workerId, leaseMs);
      if (job === null) return;
      logOf(job).info({ spider: job.spiderName, version: job.version }, 'job started');
      await tracked(hold(job, () => begin(job)));
    },

    async adopt(orphan) {
      const job = await attempts.adopt(orphan.id, orphan.attempt, workerId, leaseMs);
      if (job === null) return orphan.discard();
      logOf(job).info('job taken over');
      await tracked(hold(job, () => orphan.adopt()));
    },

    async shutdown(graceMs) {
      for (const holding of holdings) holding.shutDown(graceMs);
      await Promise.allSettled(working);
    },
  };
}
