import { crawlLimits, type RunningCrawl } from '@spiderhub/core';
import { isDiskFull } from '@spiderhub/platform';
import { Recorder } from '../streams/recorder.ts';
import { startSampler } from '../streams/sampler.ts';
import type { Care } from './care.ts';
import { createWatchdog } from './watchdog.ts';

/** A crawl that said FIN has this long to end, ms: some never do. */
const END_AFTER_FIN_MS = 60_000;

/**
 * Reads the crawl's pipe to its end and stores what comes. A disk that is full ends the crawl, not the worker.
 * `onRecorder` is told who stores it, before the first message is read.
 */
export async function followCrawl(
  crawl: RunningCrawl,
  { job, streams, attempts, holding, mask, log, giveUp }: Care,
  onRecorder: (recorder: Recorder) => void,
): Promise<Recorder> {
  const { id, attempt, key } = job;
  const recorder = await Recorder.open({
    streams,
    key,
    attempt,
    resumedAt: crawl.resumedAt,
    mask,
    giveUp,
    checkpoint: (counts) => crawl.checkpoint(counts),
    onStats: (stats) => {
      attempts
        .saveStats(id, attempt, stats)
        .catch((error: unknown) => log.warn({ err: error }, 'stats not saved'));
    },
  });
  holding.countWith(() => recorder.stored());
  onRecorder(recorder);
  const watchdog = createWatchdog({
    limits: crawlLimits(job.policy, job.settings),
    startedAt: job.runningAt ?? new Date(),
    stop: (reason) => holding.stop(reason),
  });
  const sampler = startSampler({ streams, key, attempt, recorder, crawl, log });
  let afterFin: NodeJS.Timeout | null = null;
  let broken = false;
  try {
    for await (const messages of crawl.messages()) {
      // What comes after a failed write is read, so that the crawl can end, and dropped: a stream has no holes.
      if (!broken) {
        await recorder.take(messages).catch((error: unknown) => {
          broken = true;
          log.error({ err: error }, 'records cannot be stored');
          holding.kill(isDiskFull(error) ? 'disk_full' : 'lost');
        });
      }
      // Stats come by a clock, also from a crawl that does nothing any more.
      if (messages.some(({ command }) => command !== 'STA'))
        watchdog.seen({ ...recorder.counts(), bytes: recorder.bytes });
      if (recorder.finOutcome !== null) afterFin ??= setTimeout(() => holding.hurry(), END_AFTER_FIN_MS);
    }
  } finally {
    watchdog.over();
    if (afterFin) clearTimeout(afterFin);
    await sampler.stop();
  }
  return recorder;
}
