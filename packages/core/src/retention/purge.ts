import type { Actor } from '../access/actor.ts';
import { jobErrors } from '../errors.ts';
import type { JobKey } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { formatJobKey } from '../jobs/key.ts';
import type { KeptSpider, RetentionStore } from '../ports/retention-store.ts';
import type { StreamStore } from '../ports/stream-store.ts';
import { RETENTION_ACTOR } from './retention.ts';

/** Jobs whose rows go in one transaction: short enough for nobody to wait for it. */
const ROWS = 500;
/** Jobs whose streams go before that is noted. */
const STREAMS = 100;
const SPIDERS = 100;

/** What the rule of deleting still has to do; each step is a small batch and may be repeated after a crash. */
export interface Purge {
  /** Removes rows of jobs whose grace is over. Returns how many jobs; fewer than a batch means that no more are due. */
  rows(): Promise<{ done: number; more: boolean }>;
  /** Removes streams of jobs whose rows are gone. */
  streams(): Promise<{ done: number; more: boolean }>;
  /** Deletes finished jobs beyond what their spider keeps. One batch; `more` until every spider was looked at. */
  expire(): Promise<{ done: number; more: boolean }>;
}

/**
 * A deleted job stays for `graceMs`. Then its rows go, all in one transaction that also notes its streams as to be freed,
 * and afterwards these: a reader finds the whole job or none, and a crash leaves at most streams that are on the list.
 * Blobs are left to `collectBlobs`, once no row names them.
 */
export function createPurge(store: RetentionStore, streams: StreamStore, graceMs: number): Purge {
  let queue: KeptSpider[] = [];
  let last: KeptSpider | null = null;

  async function nextSpider(): Promise<KeptSpider | null> {
    if (queue.length === 0) queue = await store.keptSpiders(last, SPIDERS);
    last = queue.shift() ?? null;
    return last;
  }

  return {
    async rows() {
      const done = await store.purge(graceMs, ROWS);
      return { done, more: done === ROWS };
    },

    async streams() {
      const keys = await store.streamsToFree(STREAMS);
      if (keys.length > 0) {
        await streams.removeJobs(keys);
        await store.streamsFreed(keys);
      }
      return { done: keys.length, more: keys.length === STREAMS };
    },

    async expire() {
      const kept = await nextSpider();
      if (kept === null) return { done: 0, more: false };
      const done = await store.expire(kept, RETENTION_ACTOR, ROWS);
      // The same spider again until it keeps no more than it should.
      if (done === ROWS) queue.unshift(kept);
      return { done, more: true };
    },
  };
}

/**
 * Deletes a job whose records and free metadata nobody may see from now on. The rule is that of any other deletion: all of
 * it goes when the grace is over, and comes back when it is undone before. Repeating it is fine.
 */
export async function removeWithData(
  jobs: Pick<Jobs, 'remove'>,
  streams: StreamStore,
  key: JobKey,
  by: Actor,
): Promise<void> {
  await jobs.remove({ project: key.project, keys: [key], strict: false }, by, { forget: true });
  await streams.setAside(key);
}

/**
 * Undoes a deletion within the grace. The streams come first: should this fail in the middle, the job is still deleted
 * and can be asked for again. Throws `not_found` for a job that is not deleted, or gone.
 */
export async function undelete(
  store: RetentionStore,
  streams: StreamStore,
  key: JobKey,
  by: Actor,
): Promise<void> {
  await streams.bringBack(key);
  if (!(await store.restore(by, key))) throw jobErrors.notFound(formatJobKey(key));
}
