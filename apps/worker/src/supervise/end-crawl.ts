import { type AttemptStore, type JobDetails, outcomeOf, type RunningCrawl } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { finishAttempt } from './finish.ts';
import type { Holding } from './holding.ts';
import type { Recorder } from './recorder.ts';

export interface EndOptions {
  crawl: RunningCrawl;
  followed: Recorder;
  job: JobDetails;
  attempts: AttemptStore;
  holding: Holding;
  log: Logger;
}

/** Makes the records durable, then the outcome, then forgets the crawl's directory: in this order. */
export async function endCrawl({ crawl, followed, job, attempts, holding, log }: EndOptions): Promise<void> {
  const exit = await crawl.exited;
  const sealed = await followed.seal().then(
    () => true,
    (error: unknown) => {
      log.error({ err: error }, 'streams could not be sealed');
      return false;
    },
  );
  if (holding.isFenced) log.warn('crawl ended without its lease');
  else {
    const closeReason = outcomeOf({
      exit,
      stopReason: exit.deadlinePassed ? 'lost' : sealed ? holding.stopReason : 'disk_full',
      killed: holding.killed,
      finOutcome: followed.finOutcome(),
      isScript: job.command !== null || job.spiderName.startsWith('py:'),
    });
    const report = {
      closeReason,
      counts: followed.counts(),
      scrapyStats: followed.scrapyStats(),
      exitStatus: String(exit.code ?? exit.signal),
    };
    await finishAttempt(attempts, job, report, log);
  }
  await crawl.cleanUp().catch((error: unknown) => log.warn({ err: error }, 'job directory stays behind'));
}
