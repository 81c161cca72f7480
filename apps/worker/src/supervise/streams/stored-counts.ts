import {
  type AttemptStore,
  errorsIn,
  type JobCounts,
  type JobKey,
  type LostAttempt,
  type StreamStore,
} from '@spiderhub/core';

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
