import { ACTOR } from '../testing/samples.ts';
import { collectBlobs, inLedger } from './blobs.ts';
import { removeWithData, undelete } from './purge.ts';
import { RetentionChange } from './retention.ts';

const KEY = { project: 1, spider: 2, job: 3 };

function setUp(names: string[], isUsed: (name: string) => boolean) {
  const noted: string[][] = [];
  const removed: string[] = [];
  const blobs = {
    async *list() {
      for (const sha256 of names) yield { sha256, sizeBytes: 1 };
    },
    remove: async (sha256: string) => void removed.push(sha256),
    putFile: async (_path: string, before: (blob: object) => Promise<void>) => {
      await before({ sha256: 'new' });
      return { sha256: 'new' };
    },
  };
  const ledger = {
    note: async (batch: { sha256: string }[]) => void noted.push(batch.map(({ sha256 }) => sha256)),
    touch: async ({ sha256 }: { sha256: string }) => void noted.push([sha256]),
    async collect(
      { after, limit }: { after: string; limit: number },
      remove: (sha256: string) => Promise<void>,
    ) {
      const page = names.filter((name) => name > after).slice(0, limit);
      const unused = page.filter((name) => !isUsed(name));
      for (const name of unused) await remove(name);
      return { removed: unused.length, last: page.length < limit ? null : (page.at(-1) ?? null) };
    },
  };
  return { blobs: blobs as never, ledger: ledger as never, noted, removed };
}

it('notes every blob that lies there, and removes on all pages what nothing names', async () => {
  const names = Array.from({ length: 450 }, (_, n) => String(n).padStart(4, '0'));
  const { blobs, ledger, noted, removed } = setUp(names, (name) => Number(name) % 3 > 0);
  expect(await collectBlobs(blobs, ledger)).toBe(150);
  expect(noted.map(({ length }) => length)).toEqual([200, 200, 50]);
  expect(noted.flat()).toEqual(names);
  expect(removed).toEqual(names.filter((name) => Number(name) % 3 === 0));
});

it('has nothing to do in an empty store', async () => {
  const { blobs, ledger, noted } = setUp([], () => true);
  expect(await collectBlobs(blobs, ledger)).toBe(0);
  expect(noted).toEqual([]);
});

it('a blob is in the ledger before it lies there, and before whoever else wants to know', async () => {
  const { blobs, ledger, noted } = setUp([], () => true);
  const order: string[][] = [];
  await inLedger(blobs, ledger).putFile('/tmp/x', async () => void order.push(...noted));
  expect(order).toEqual([['new']]);
});

it('a removed job takes its streams along, and an undeleted one brings them back first', async () => {
  const done: string[] = [];
  const streams = {
    setAside: async () => void done.push('aside'),
    bringBack: async () => void done.push('back'),
  } as never;
  await removeWithData({ remove: async () => done.push('removed') as never }, streams, KEY, ACTOR);
  await undelete({ restore: async () => done.push('restored') } as never, streams, KEY, ACTOR);
  expect(done).toEqual(['removed', 'aside', 'back', 'restored']);
  await expect(undelete({ restore: async () => false } as never, streams, KEY, ACTOR)).rejects.toMatchObject({
    code: 'job_not_found',
  });
});

it.each<[object, boolean]>([
  [{ days: 0.5 }, true],
  [{ days: 0 }, false],
  [{ days: 36_501 }, false],
  [{ count: 0 }, true],
  [{ count: -1 }, false],
  [{ count: 1.5 }, false],
  [{ days: null, count: null, keepTags: [] }, true],
  [{ keepTags: [''] }, false],
  [{ keepTags: Array.from({ length: 51 }, () => 'x') }, false],
  [{ day: 1 }, false],
])('%j changes what is kept: %j', (change, isOne) => {
  expect(RetentionChange.safeParse(change).success).toBe(isOne);
});
