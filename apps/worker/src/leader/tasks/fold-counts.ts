import type { DispatchStore } from '@spiderhub/core';
import type { LeaderTask } from '../task.ts';

/** Keeps the counters of jobs quick to read: each transition only notes its change. */
export function foldCounts(dispatch: DispatchStore): LeaderTask {
  return { name: 'fold-counts', everyMs: 1000, run: () => dispatch.foldCounts() };
}
