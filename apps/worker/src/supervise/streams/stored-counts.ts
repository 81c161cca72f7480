import {
  type AttemptStore,
  errorsIn,
  type JobCounts,
  type JobKey,
  type LostAttempt,
  type StreamStore,
} from '@spiderhub/core';
import { type Logger, untilAnswered } from '@spiderhub/platform';

/** What the streams of an attempt really hold: after a failure a writer may have counted more than it could store. */
export async function storedCounts(
  streams: StreamStore,
  { key, attempt }: { key: JobKey; attempt: number },
): Promise<JobCounts> {
  const [items, requests, logs] = await Promise.all(
    (['items', 'requests', 'logs'] as const).map((stream) => streams.stats({ key, attempt, stream })),
  );
  return {
    items: items?.records ?? 0,
    pages: requests?.records ?? 0,
    logs: logs?.records ?? 0,
    errors: errorsIn(logs?.counts ?? {}),
  };
}

/** Makes the counts of an attempt that ended without its worker those of its streams, and its stats those that it knew last. */
export async function recount(
  attempts: AttemptStore,
  streams: StreamStore,
  ended: LostAttempt,
  scrapyStats: string | null = null,
): Promise<void> {
  await attempts.recount(ended, await storedCounts(streams, ended), scrapyStats);
}

/** So long an outcome waits for its numbers, ms: streams that cannot be read keep no place for ever. */
const PATIENCE_MS = 600_000;

interface PatientOptions {
  attempts: AttemptStore;
  streams: StreamStore;
  log: Logger;
  giveUp?: AbortSignal | undefined;
}

/** The same, as soon as it can be done. Throws when `giveUp` aborts: a successor does it then. */
export async function recountInTime(
  ended: LostAttempt,
  scrapyStats: string | null,
  { attempts, streams, log, giveUp }: PatientOptions,
): Promise<void> {
  const end = AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), ...(giveUp ? [giveUp] : [])]);
  const ask = () => recount(attempts, streams, ended, scrapyStats);
  await untilAnswered(ask, log, end).catch((error: unknown) => {
    if (giveUp?.aborted) throw error;
    log.error({ err: error, id: ended.id }, 'the counts of a job may not be those of its streams');
  });
}
