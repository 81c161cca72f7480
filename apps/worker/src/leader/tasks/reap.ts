import type { DispatchStore, LostAttempt } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { LeaderTask } from '../task.ts';

export interface ReapOptions {
  dispatch: DispatchStore;
  /** Corrects what the job says of an attempt whose worker died. */
  recount: (ended: LostAttempt) => Promise<void>;
  log: Logger;
}

/** Ends attempts whose worker gave no life sign for a whole lease. */
export function reap({ dispatch, recount, log }: ReapOptions): LeaderTask {
  return {
    name: 'reap',
    everyMs: 1000,
    async run() {
      const lost = await dispatch.reap();
      if (lost.length > 0) log.warn({ reaped: lost.length }, 'attempts were lost with their worker');
      for (const ended of lost) {
        await recount(ended).catch((error: unknown) =>
          log.warn({ err: error, job: ended.key }, 'counts of a lost attempt stay as they were last told'),
        );
      }
    },
  };
}
