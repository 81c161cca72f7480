import type { AttemptStore, Orphan, StreamStore } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { untilAnswered } from '../../until-answered.ts';
import { createRecorder } from '../streams/recorder.ts';
import { recount } from '../streams/stored-counts.ts';

export interface SalvageOptions {
  attempts: AttemptStore;
  streams: StreamStore;
  log: Logger;
  giveUp: AbortSignal;
}

/** Keeps what a crawl wrote before its attempt was given up: its records stay with that attempt. */
export async function salvage(orphan: Orphan, options: SalvageOptions): Promise<void> {
  const { attempts, streams, log, giveUp } = options;
  const { id, attempt } = orphan;
  const ended = await untilAnswered(() => attempts.findEnded(id, attempt), log, giveUp);
  if (ended === null) return orphan.discard();
  const crawl = await orphan.adopt();
  await crawl.kill();
  const recorder = await createRecorder({
    streams,
    key: ended.key,
    attempt,
    resumedAt: crawl.resumedAt,
    checkpoint: (counts) => crawl.checkpoint(counts),
  });
  for await (const messages of crawl.messages()) await recorder.take(messages);
  await recorder.seal();
  await untilAnswered(() => recount(attempts, streams, ended), log, giveUp);
  await crawl.cleanUp();
  log.info({ id, attempt, ...recorder.counts() }, 'records of a lost attempt were kept');
}
