import { setTimeout as delay } from 'node:timers/promises';
import { say } from '../say.ts';
import type { Server, Servers } from './servers.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Whoever lived this long has not failed to start. */
const SETTLED_MS = 60_000;

/** Starts a server again whenever it ends by itself, with growing pauses when it keeps failing. */
export async function keepAlive(servers: Servers, first: Server): Promise<void> {
  let server = first;
  let failures = 0;
  while (!servers.closing) {
    const startedAt = performance.now();
    const ending = await server.ended;
    if (servers.closing) return;
    failures = performance.now() - startedAt > SETTLED_MS ? 1 : failures + 1;
    say(`${server.spec.name} ended by itself (${ending}), starting it again`);
    await delay(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), undefined, { ref: false });
    if (!servers.closing) server = servers.start(server.spec);
  }
}
