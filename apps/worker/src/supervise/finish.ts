import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptStore, EndAnswer, FinishReport } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';

const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5000;

/** Repeats a write until Postgres gives a definite answer: an outcome must not get lost because it was away. */
export async function untilAnswered<T>(
  write: () => Promise<T>,
  log: Logger,
  signal?: AbortSignal,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
    try {
      return await write();
    } catch (error) {
      if (signal?.aborted) throw error;
      log.warn({ err: error }, 'an outcome waits to be recorded');
      await sleep(waitMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
}

export async function finishAttempt(
  attempts: AttemptStore,
  { id, attempt }: { id: number; attempt: number },
  report: FinishReport,
  log: Logger,
  signal?: AbortSignal,
): Promise<EndAnswer> {
  const answer = await untilAnswered(() => attempts.finish(id, attempt, report), log, signal);
  const fields = { closeReason: report.closeReason, ...report.counts };
  if (answer === 'finished') log.info(fields, 'job finished');
  else if (answer === 'requeued') log.info(fields, 'job goes back to the queue');
  else log.warn({ ...fields, answer }, 'outcome was refused');
  return answer;
}
