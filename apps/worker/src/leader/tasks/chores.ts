import { type Logger, monotonicMs } from '@spiderhub/platform';
import type { LeaderTask } from '../task.ts';

/** Work that has time, done in small pieces. */
export interface Chore {
  name: string;
  /** Pause once there is no more to do, ms. */
  idleMs: number;
  /** One piece; `more` when another one may follow at once. Repeating it after a failure is fine. */
  run(): Promise<{ done: number; more: boolean }>;
}

/** A chore that removes rows, `rows` of them at most in one piece. */
export function removing(name: string, idleMs: number, remove: () => Promise<number>, rows: number): Chore {
  return {
    name,
    idleMs,
    async run() {
      const done = await remove();
      return { done, more: done >= rows };
    },
  };
}

/**
 * What all chores together may take of one process and one connection; the rest of the time they pause. Of two cores
 * that schedules keep busy that is less than a tenth.
 */
const SHARE = 0.15;
const TICK_MS = 25;

export interface ChoresOptions {
  chores: readonly Chore[];
  log: Logger;
  now?: () => number;
}

/** Does chores in turn, a piece at a time. Where servers are busy a piece takes longer, and so does the pause after it. */
export function doChores({ chores, log, now = monotonicMs }: ChoresOptions): LeaderTask {
  const line = chores.map((chore) => ({ chore, dueMs: 0, done: 0 }));
  let restUntilMs = 0;

  async function work(one: (typeof line)[number]): Promise<void> {
    const { chore } = one;
    try {
      const { done, more } = await chore.run();
      one.done += done;
      if (more) return;
      if (one.done > 0) log.info({ chore: chore.name, done: one.done }, 'chore done');
    } catch (error) {
      log.warn({ err: error, chore: chore.name }, 'a chore waits for its servers');
    }
    one.done = 0;
    one.dueMs = now() + chore.idleMs;
  }

  return {
    name: 'chores',
    everyMs: TICK_MS,
    async run() {
      const beganMs = now();
      if (beganMs < restUntilMs) return;
      const at = line.findIndex(({ dueMs }) => dueMs <= beganMs);
      if (at < 0) return;
      const [one] = line.splice(at, 1);
      if (!one) return;
      // At the end of the line: the others have their turn first.
      line.push(one);
      await work(one);
      restUntilMs = now() + ((now() - beganMs) * (1 - SHARE)) / SHARE;
    },
  };
}
