import type { Orphan } from '@spiderhub/core';
import { untilAnswered } from '@spiderhub/platform';
import { Recorder } from '../streams/recorder.ts';
import { recountInTime } from '../streams/stored-counts.ts';
import type { Care } from './care.ts';

export type SalvageOptions = Pick<Care, 'attempts' | 'streams' | 'log' | 'giveUp'>;

/** Keeps what a crawl wrote before its attempt was given up: its records stay with that attempt. */
export async function salvage(orphan: Orphan, options: SalvageOptions): Promise<void> {
  const { attempts, streams, log, giveUp } = options;
  const { id, attempt } = orphan;
  const ended = await untilAnswered(() => attempts.findEnded(id, attempt), log, giveUp);
  if (ended === null) return orphan.discard();
  const crawl = await orphan.adopt();
  await crawl.kill();
  const recorder = await Recorder.open({
    streams,
    key: ended.key,
    attempt,
    resumedAt: crawl.resumedAt,
    checkpoint: (counts) => crawl.checkpoint(counts),
    giveUp,
  });
  for await (const messages of crawl.messages()) await recorder.take(messages);
  await recorder.seal();
  await recountInTime(ended, null, options);
  await crawl.cleanUp();
  log.info({ id, attempt, ...recorder.counts() }, 'records of a lost attempt were kept');
}
