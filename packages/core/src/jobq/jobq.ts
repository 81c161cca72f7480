import type { StopTarget } from '../ports/job-store.ts';
import type { JobqStore } from '../ports/jobq-store.ts';
import type { Signals } from '../ports/signals.ts';

/** What outside workers and job owners do with the queue. Like the store, and the processes concerned hear of it. */
export interface Jobq extends Omit<JobqStore, 'cancel' | 'purge'> {
  /** Returns how many pending and running jobs were among the keys. */
  cancel(...args: Parameters<JobqStore['cancel']>): Promise<number>;
  purge(...args: Parameters<JobqStore['purge']>): Promise<void>;
}

export function createJobq(store: JobqStore, signals: Signals): Jobq {
  function tell(targets: readonly Pick<StopTarget, 'worker'>[]): void {
    for (const worker of new Set(targets.map((target) => target.worker))) {
      if (worker) signals.stopRequested(worker);
    }
  }

  return {
    take: (...args) => store.take(...args),
    describe: (...args) => store.describe(...args),
    saveCounts: (...args) => store.saveCounts(...args),
    async update(update) {
      const updated = await store.update(update);
      tell(updated);
      if (update.state === 'pending' && updated.length > 0) signals.wakeLeader();
      return updated;
    },
    async cancel(project, keys, by) {
      const { count, stopped } = await store.cancel(project, keys, by);
      tell(stopped);
      return count;
    },
    async purge(key, by) {
      tell(await store.purge(key, by));
    },
  };
}
