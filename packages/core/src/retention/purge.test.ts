import type { KeptSpider, RetentionStore } from '../ports/retention-store.ts';
import type { StreamStore } from '../ports/stream-store.ts';
import { createPurge } from './purge.ts';

const BATCH = 500;

function kept(spider: number): KeptSpider {
  return { project: 1, spider, days: 1, count: null, keepTags: [] };
}

/** Spiders with so many jobs beyond what they keep, and which of them were asked, in order. */
function storeWith(beyond: Record<number, number>) {
  const asked: number[] = [];
  const store: Partial<RetentionStore> = {
    async keptSpiders(after, limit) {
      const numbers = Object.keys(beyond).map(Number);
      return numbers
        .filter((number) => number > (after?.spider ?? 0))
        .slice(0, limit)
        .map(kept);
    },
    async expire({ spider }, _by, limit) {
      asked.push(spider);
      const done = Math.min(limit, beyond[spider] ?? 0);
      beyond[spider] = (beyond[spider] ?? 0) - done;
      return done;
    },
  };
  return { store: store as RetentionStore, asked };
}

it('takes a spider until it keeps no more than it should, then the next, and then begins anew', async () => {
  const { store, asked } = storeWith({ 1: 0, 2: 2 * BATCH + 1, 3: 5 });
  const purge = createPurge(store, {} as StreamStore, 0);
  let done = 0;
  for (let more = true; more; ) {
    const step = await purge.expire();
    done += step.done;
    more = step.more;
  }
  expect(asked).toEqual([1, 2, 2, 2, 3]);
  expect(done).toBe(2 * BATCH + 6);
  expect(await purge.expire()).toEqual({ done: 0, more: true });
  expect(asked.at(-1)).toBe(1);
});

it('has streams gone before it says so, and says nothing of those that could not be removed', async () => {
  const freed: number[] = [];
  const gone: number[] = [];
  let waiting = [1, 2, 3];
  const store = {
    streamsToFree: async () => waiting.map((job) => ({ project: 1, spider: 1, job })),
    streamsFreed: async (keys: { job: number }[]) => void freed.push(...keys.map(({ job }) => job)),
  } as unknown as RetentionStore;
  const streams = {
    async removeJobs(keys: { job: number }[]) {
      gone.push(...keys.map(({ job }) => job));
      if (keys.length === 3) throw new Error('the disk is away');
    },
  } as unknown as StreamStore;
  const purge = createPurge(store, streams, 0);
  await expect(purge.streams()).rejects.toThrow('away');
  expect(freed).toEqual([]);
  waiting = [1, 3];
  expect(await purge.streams()).toEqual({ done: 2, more: false });
  expect(freed).toEqual([1, 3]);
  expect(new Set(gone)).toEqual(new Set([1, 2, 3]));
});
