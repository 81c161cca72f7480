import type { SegmentKeeper } from '@spiderhub/storage';
import type { Chore } from './chores.ts';

const MINUTE_MS = 60_000;

/** Streams that ended small share objects, and objects that nothing names go. */
export function keepObjects(keeper: SegmentKeeper): Chore[] {
  return [
    { name: 'pack small streams', idleMs: MINUTE_MS / 2, run: keeper.pack },
    { name: 'end silent streams', idleMs: 10 * MINUTE_MS, run: keeper.sealSilent },
    { name: 'remove unused objects', idleMs: MINUTE_MS, run: keeper.collect },
    { name: 'pack objects anew', idleMs: 10 * MINUTE_MS, run: keeper.repack },
  ];
}
