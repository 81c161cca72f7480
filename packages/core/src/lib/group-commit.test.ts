import { groupCommit } from './group-commit.ts';

/** Lets the event loop turn once. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A commit that the test lets through by hand. */
function gate() {
  const batches: number[][] = [];
  const waiting: (() => void)[] = [];
  const commit = async (items: number[]) => {
    batches.push(items);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return items.map((item) => item * 10);
  };
  const open = async () => {
    waiting.shift()?.();
    await turn();
  };
  return { batches, commit, open };
}

describe('groupCommit', () => {
  it('commits a lone call at once and gathers the others meanwhile', async () => {
    const { batches, commit, open } = gate();
    const add = groupCommit(commit);
    const first = add(1);
    await turn();
    expect(batches).toEqual([[1]]);
    const results = Promise.all([2, 3, 4].map(add));
    await turn();
    expect(batches).toEqual([[1]]);
    await open();
    expect(batches).toEqual([[1], [2, 3, 4]]);
    await open();
    expect([await first, ...(await results)]).toEqual([10, 20, 30, 40]);
  });

  it('commits calls that come together in one batch', async () => {
    const { batches, commit, open } = gate();
    const add = groupCommit(commit);
    const results = Promise.all([1, 2].map(add));
    await turn();
    await open();
    expect(await results).toEqual([10, 20]);
    expect(batches).toEqual([[1, 2]]);
  });

  it('never makes a batch larger than it may be', async () => {
    const { batches, commit, open } = gate();
    const add = groupCommit(commit, { maxBatch: 2 });
    const results = Promise.all([1, 2, 3, 4, 5].map(add));
    await turn();
    await open();
    await open();
    await open();
    expect(await results).toEqual([10, 20, 30, 40, 50]);
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('works on one half of many callers while the other half is answered', async () => {
    const { batches, commit, open } = gate();
    const add = groupCommit(commit);
    async function callAgain(item: number): Promise<void> {
      while (batches.length < 8) await add(item);
    }
    const all = Promise.all(Array.from({ length: 64 }, (_, item) => callAgain(item)));
    for (let n = 0; n < 12; n++) {
      await open();
      await turn();
    }
    await all;
    expect(batches.slice(3, 8).map((batch) => batch.length)).toEqual([32, 32, 32, 32, 32]);
  });

  it('fails only the member that is at fault', async () => {
    const add = groupCommit(async (items: number[]) => {
      if (items.includes(3)) throw new Error('three');
      return items;
    });
    const results = await Promise.allSettled([1, 2, 3, 4].map(add));
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });
});
