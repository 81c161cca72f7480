import {
  type AttemptStore,
  DomainError,
  type JobDetails,
  type RunningCrawl,
  type StreamStore,
} from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { Holding } from '../lease/holding.ts';
import { storedCounts } from '../streams/stored-counts.ts';
import { isDiskFull } from './end-crawl.ts';
import { finishAttempt } from './finish.ts';
import { logFailure } from './log-failure.ts';

export interface FailureOptions {
  /** Null when it never came about. */
  crawl: RunningCrawl | null;
  error: unknown;
  job: JobDetails;
  attempts: AttemptStore;
  streams: StreamStore;
  holding: Holding;
  log: Logger;
  giveUp: AbortSignal;
}

/** Ends an attempt that could not be started or followed. First of all its crawl must be gone. */
export async function reportFailure(options: FailureOptions): Promise<void> {
  const { crawl, error, job, attempts, streams, holding, log, giveUp } = options;
  if (holding.isLeft) return;
  log.error({ err: error }, crawl ? 'crawl could not be followed' : 'crawl could not be started');
  if (crawl) {
    holding.kill('lost');
    await crawl.exited;
  }
  if (!holding.isFenced) {
    await logFailure(streams, job, error).catch(() => undefined);
    const counts = await storedCounts(streams, job).catch(() => job.counts);
    const report = { closeReason: reasonOf(error), counts, scrapyStats: null };
    await finishAttempt(attempts, job, report, log, giveUp);
  }
  await crawl?.cleanUp().catch(() => undefined);
}

/** What the job's owner has to mend fails; what our servers are to blame for is worth another try. */
function reasonOf(error: unknown): string {
  if (isDiskFull(error)) return 'diskusage_exceeded';
  return error instanceof DomainError && error.kind !== 'unavailable' ? 'failed' : 'lost';
}
