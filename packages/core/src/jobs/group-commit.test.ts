import { groupCommit } from './group-commit.ts';

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
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { batches, commit, open };
}

describe('groupCommit', () => {
  it('commits a lone call at once and gathers the others meanwhile', async () => {
    const { batches, commit, open } = gate();
    const add = groupCommit(commit);
    const results = Promise.all([1, 2, 3, 4].map(add));
    expect(batches).toEqual([[1]]);
    await open();
    expect(batches).toEqual([[1], [2, 3, 4]]);
    await open();
    expect(await results).toEqual([10, 20, 30, 40]);
  });

  it('never makes a batch larger than it may be', async () => {
    const { batches, commit, open } = gate();
    const add = groupCommit(commit, { maxBatch: 2 });
    const results = Promise.all([1, 2, 3, 4].map(add));
    await open();
    await open();
    await open();
    expect(await results).toEqual([10, 20, 30, 40]);
    expect(batches).toEqual([[1], [2, 3], [4]]);
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
