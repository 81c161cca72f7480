import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../say.ts';
import type { Server } from './servers.ts';

const POLL_MS = 20;
const TIMEOUT_MS = 60_000;

/**
 * Asks until the server is ready; an answer in words is what it still lacks. Throws with that, or with its last words, when
 * it ends instead or takes a minute.
 */
export async function untilReady(
  server: Server,
  isReady: () => Promise<boolean | string>,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  const state: { ending?: string } = {};
  void server.ended.then((how) => {
    state.ending = how;
  });
  for (let answer = await isReady(); answer !== true; answer = await isReady()) {
    const { name } = server.spec;
    if (state.ending) throw new UserError(`${name} did not start (${state.ending}):\n${server.lastWords()}`);
    if (performance.now() > until) {
      throw new UserError(
        answer ? `${name} is not ready: no ${answer}` : `${name} does not answer:\n${server.lastWords()}`,
      );
    }
    await delay(POLL_MS);
  }
}
