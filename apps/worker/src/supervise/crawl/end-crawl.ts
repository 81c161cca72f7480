import {
  type AttemptStore,
  commandLine,
  type JobDetails,
  outcomeOf,
  type RunningCrawl,
  type StreamStore,
} from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { untilAnswered } from '../../until-answered.ts';
import type { Holding } from '../lease/holding.ts';
import type { Recorder } from '../streams/recorder.ts';
import { recount, storedCounts } from '../streams/stored-counts.ts';
import { finishAttempt } from './finish.ts';

export interface EndOptions {
  crawl: RunningCrawl;
  followed: Recorder;
  job: JobDetails;
  attempts: AttemptStore;
  streams: StreamStore;
  holding: Holding;
  log: Logger;
  /** Aborts when this process has to go: a successor finds the directory and reports the end. */
  giveUp: AbortSignal;
}

/** Makes the records durable, then the outcome, then forgets the crawl's directory: in this order. */
export async function endCrawl(options: EndOptions): Promise<void> {
  const { crawl, followed, job, attempts, streams, holding, log, giveUp } = options;
  const exit = await crawl.exited;
  const broken = await followed.seal().then(
    () => null,
    (error: unknown) => {
      log.error({ err: error }, 'streams could not be sealed');
      return error;
    },
  );
  if (holding.isLeft) return;
  let isOurs = !holding.isFenced;
  if (isOurs) {
    const closeReason = outcomeOf({
      exit,
      stopReason: stopReasonOf(options, exit, broken),
      killed: holding.killed,
      finOutcome: followed.finOutcome(),
      isScript: commandLine(job) !== null,
    });
    const report = {
      closeReason,
      counts: broken ? await storedCounts(streams, job).catch(() => followed.counts()) : followed.counts(),
      scrapyStats: followed.scrapyStats(),
      exitStatus: String(exit.code ?? exit.signal),
    };
    const answer = await finishAttempt(attempts, job, report, log, giveUp);
    isOurs = answer === 'finished' || answer === 'requeued';
  }
  // Somebody else ended the attempt, and knew less of it: shub-workflow's managers do so themselves, before their last stats.
  const stats = followed.scrapyStats();
  if (!isOurs) await untilAnswered(() => recount(attempts, streams, job, stats), log, giveUp);
  await crawl.cleanUp().catch((error: unknown) => log.warn({ err: error }, 'job directory stays behind'));
}

type Exit = Awaited<RunningCrawl['exited']>;

function stopReasonOf({ holding, crawl }: EndOptions, exit: Exit, broken: unknown): Holding['stopReason'] {
  if (holding.stopReason === 'disk_full' || isDiskFull(broken)) return 'disk_full';
  if (broken || exit.deadlinePassed || exit.shimDied) return 'lost';
  return holding.stopReason ?? (crawl.stoppedFor as Holding['stopReason']);
}

export function isDiskFull(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT)$/.test(String((error as { code?: unknown } | null)?.code));
}
