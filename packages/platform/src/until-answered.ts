import type { Logger } from './logger.ts';
import { createPulse } from './pulse.ts';

const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5000;

/**
 * Repeats a question to Postgres until there is a definite answer: an outcome must not get lost because it was away.
 * Throws the last error once `signal` has aborted.
 */
export async function untilAnswered<T>(ask: () => Promise<T>, log: Logger, signal?: AbortSignal): Promise<T> {
  const pause = createPulse();
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (signal?.aborted) throw error;
      log.warn({ err: error }, 'waiting for an answer of Postgres');
      await pause.wait(waitMs, signal);
    }
  }
}
