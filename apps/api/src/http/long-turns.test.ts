import { createLongTurns } from './long-turns.ts';

const always = Promise.resolve();

/** Makes `pieces` pieces of an answer of a tenant, each of which takes `ms` of the process. */
function reader(turns: ReturnType<typeof createLongTurns>, made: string[]) {
  return async (tenant: string, pieces: number, ms = 0): Promise<void> => {
    const end = turns.begin(tenant);
    for (let n = 0; n < pieces; n += 1) {
      await turns.take(tenant);
      made.push(tenant);
      for (const until = performance.now() + ms; performance.now() < until; );
    }
    end();
  };
}

describe('long answers', () => {
  it('of tenants take turns, however many one of them has', async () => {
    const made: string[] = [];
    const turns = createLongTurns({ giveWay: () => always, isAlone: () => true });
    const read = reader(turns, made);
    await Promise.all([...Array.from({ length: 20 }, () => read('a', 10)), read('b', 10)]);
    expect(made).toHaveLength(210);
    // One of each in turn, or nearly: b's ten pieces are made among the first of a's two hundred.
    expect(made.lastIndexOf('b')).toBeLessThan(40);
  });

  it.each([
    ['of who has many rest while others are there', 3, false, true],
    ['of who has few do not', 2, false, false],
    ['of who is alone do not, however many', 20, true, false],
  ])('%s', async (_, answers, isAlone, doRest) => {
    const made: string[] = [];
    const rests: number[] = [];
    const turns = createLongTurns({
      giveWay: () => always,
      isAlone: () => isAlone,
      rest: (ms) => {
        rests.push(ms);
        return new Promise((resolve) => setTimeout(resolve, ms));
      },
    });
    const read = reader(turns, made);
    await Promise.all(Array.from({ length: answers }, () => read('a', 4, 4)));
    expect(made).toHaveLength(4 * answers);
    expect(rests.length > 0).toBe(doRest);
    // Three times the four milliseconds of a piece, less the piece of a millisecond that has passed.
    if (doRest) expect(Math.max(...rests)).toBeGreaterThanOrEqual(11);
  });

  it('of a tenant that was done go on when it comes again', async () => {
    const made: string[] = [];
    const turns = createLongTurns({ giveWay: () => always, isAlone: () => true });
    const read = reader(turns, made);
    for (let n = 0; n < 5; n += 1) {
      await read('a', 2);
      await Promise.all([read('a', 2), read('a', 2)]);
    }
    expect(made).toHaveLength(30);
  });

  it('give way before each piece', async () => {
    const made: string[] = [];
    let open = (): void => {};
    const turns = createLongTurns({
      giveWay: () =>
        new Promise((resolve) => {
          open = resolve;
        }),
      isAlone: () => true,
    });
    const reading = reader(turns, made)('a', 2);
    await new Promise(setImmediate);
    expect(made).toEqual([]);
    open();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(made).toEqual(['a']);
    open();
    await reading;
    expect(made).toEqual(['a', 'a']);
  });
});
