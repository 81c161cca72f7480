import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger, Service } from '@spiderhub/platform';
import { within } from '../within.ts';

/** What each machine clears away by itself. */
export interface Sweep {
  name: string;
  /** Returns how much went. */
  run(): Promise<number>;
}

export interface SweeperOptions {
  sweeps: readonly Sweep[];
  /** Wait before the first round, ms: a start has other worries. */
  firstMs?: number;
  everyMs?: number;
  log: Logger;
}

/** Runs the sweeps one after the other, over and over. One that fails is tried again in the next round. */
export function createSweeper({
  sweeps,
  firstMs = 60_000,
  everyMs = 3600_000,
  log,
}: SweeperOptions): Service {
  const stopping = new AbortController();
  let life: Promise<void> = Promise.resolve();

  async function round(): Promise<void> {
    for (const { name, run } of sweeps) {
      if (stopping.signal.aborted) return;
      try {
        const removed = await run();
        if (removed > 0) log.info({ sweep: name, removed }, 'cleared away');
      } catch (error) {
        log.warn({ err: error, sweep: name }, 'could not clear away');
      }
    }
  }

  async function live(): Promise<void> {
    for (let waitMs = firstMs; ; waitMs = everyMs) {
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await round();
    }
  }

  return {
    name: 'sweeper',
    async start() {
      life = live();
    },
    async stop(deadline) {
      stopping.abort();
      // What is half removed then is finished in a later round.
      await within(deadline, life).catch(() => undefined);
    },
  };
}
