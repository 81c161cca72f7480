import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../say.ts';
import type { Server } from './servers.ts';

const POLL_MS = 20;
const TIMEOUT_MS = 60_000;

/** Asks until the server answers. Throws with its last words when it ends instead, or takes a minute. */
export async function untilReady(server: Server, isReady: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + TIMEOUT_MS;
  const state: { ending?: string } = {};
  void server.ended.then((how) => {
    state.ending = how;
  });
  while (!(await isReady())) {
    const { name } = server.spec;
    if (state.ending) throw new UserError(`${name} did not start (${state.ending}):\n${server.lastWords()}`);
    if (performance.now() > until) throw new UserError(`${name} does not answer:\n${server.lastWords()}`);
    await delay(POLL_MS);
  }
}
