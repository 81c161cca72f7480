import { DomainError, type RunningCrawl } from '@spiderhub/core';
import { isDiskFull } from '@spiderhub/platform';
import { recountInTime, storedCounts } from '../streams/stored-counts.ts';
import type { Care } from './care.ts';
import { finishAttempt } from './finish.ts';
import { logFailure } from './log-failure.ts';

/** Ends an attempt that could not be started or followed. First of all its crawl must be gone; null: it never came about. */
export async function reportFailure(crawl: RunningCrawl | null, care: Care, error: unknown): Promise<void> {
  const { job, attempts, streams, holding, log, giveUp } = care;
  if (holding.isLeft) return;
  log.error({ err: error }, crawl ? 'crawl could not be followed' : 'crawl could not be started');
  if (crawl) {
    holding.kill('lost');
    await crawl.exited;
  }
  if (!holding.isFenced) {
    await logFailure(streams, job, error).catch(() => undefined);
    const counts = await storedCounts(streams, job).catch(() => null);
    const report = { closeReason: reasonOf(error), counts: counts ?? job.counts, scrapyStats: null };
    await finishAttempt(attempts, job, report, log, giveUp);
    if (counts === null) await recountInTime(job, null, care);
  }
  await crawl?.cleanUp().catch(() => undefined);
}

/** What the job's owner has to mend fails; what our servers are to blame for is worth another try. */
function reasonOf(error: unknown): string {
  if (isDiskFull(error)) return 'diskusage_exceeded';
  return error instanceof DomainError && error.kind !== 'unavailable' ? 'failed' : 'lost';
}
