import { commandLine, outcomeOf, type RunningCrawl, type StopReason } from '@spiderhub/core';
import { isDiskFull } from '@spiderhub/platform';
import type { Recorder } from '../streams/recorder.ts';
import { recountInTime, storedCounts } from '../streams/stored-counts.ts';
import type { Care } from './care.ts';
import { finishAttempt } from './finish.ts';

/** Makes the records durable, then the outcome, then forgets the crawl's directory: in this order. */
export async function endCrawl(crawl: RunningCrawl, care: Care, followed: Recorder): Promise<void> {
  const { job, attempts, streams, holding, log, giveUp } = care;
  const exit = await crawl.exited;
  const broken = await followed.seal().then(
    () => null,
    (error: unknown) => {
      log.error({ err: error }, 'streams could not be sealed');
      return error;
    },
  );
  if (holding.isLeft) return;
  // A writer may have counted more than it could store.
  const counts = broken ? await storedCounts(streams, job).catch(() => null) : followed.stored();
  let isOurs = !holding.isFenced;
  if (isOurs) {
    const closeReason = outcomeOf({
      exit,
      stopReason: stopReasonOf(crawl, care, exit, broken),
      killed: holding.killed,
      finOutcome: followed.finOutcome,
      isScript: commandLine(job) !== null,
      isInherited: care.isInherited,
    });
    const report = {
      closeReason,
      counts: counts ?? followed.stored(),
      scrapyStats: followed.scrapyStats,
      exitStatus: String(exit.code ?? exit.signal),
    };
    const answer = await finishAttempt(attempts, job, report, log, giveUp);
    isOurs = answer === 'finished' || answer === 'requeued';
  }
  // Somebody else ended the attempt, and knew less of it: shub-workflow's managers do so themselves, before their last stats.
  const stats = followed.scrapyStats;
  if (!isOurs || counts === null) await recountInTime(job, stats, care);
  await crawl.cleanUp().catch((error: unknown) => log.warn({ err: error }, 'job directory stays behind'));
}

type Exit = Awaited<RunningCrawl['exited']>;

function stopReasonOf(crawl: RunningCrawl, { holding }: Care, exit: Exit, broken: unknown): StopReason {
  if (holding.stopReason === 'disk_full' || isDiskFull(broken)) return 'disk_full';
  if (broken || exit.deadlinePassed || exit.shimDied) return 'lost';
  return holding.stopReason ?? (crawl.stoppedFor as StopReason);
}
