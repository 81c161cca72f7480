import { sharedReads, singleFlight } from './single-flight.ts';

/** Work that ends when the test says so, and how often it began. */
function slowWork() {
  let begun = 0;
  const ends: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const work = () =>
    new Promise<string>((resolve, reject) => {
      begun += 1;
      ends.push({ resolve, reject });
    });
  return { work, ends, begun: () => begun };
}

describe('work of one key', () => {
  it('is done once for all who ask while it is under way', async () => {
    const { work, ends, begun } = slowWork();
    const fly = singleFlight<string>();
    const both = [fly('a', work), fly('a', work)];
    ends[0]?.resolve('done');
    expect(await Promise.all(both)).toEqual(['done', 'done']);
    expect(begun()).toBe(1);
  });

  it('does not wait for that of another key', () => {
    const { work, begun } = slowWork();
    const fly = singleFlight<string>();
    void fly('a', work);
    void fly('b', work);
    expect(begun()).toBe(2);
  });

  it('is done anew after it has ended', async () => {
    const { work, ends, begun } = slowWork();
    const fly = singleFlight<string>();
    const first = fly('a', work);
    ends[0]?.resolve('done');
    await first;
    const second = fly('a', work);
    ends[1]?.resolve('done');
    expect(await second).toBe('done');
    expect(begun()).toBe(2);
  });

  it('fails for all who share it, and is tried again by the next', async () => {
    const { work, ends, begun } = slowWork();
    const fly = singleFlight<string>();
    const both = Promise.allSettled([fly('a', work), fly('a', work)]);
    ends[0]?.reject(new Error('away'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = fly('a', work);
    ends[1]?.resolve('back');
    expect(await next).toBe('back');
    expect(begun()).toBe(2);
  });
});

describe('reads that are shared', () => {
  it('begin after the question: who comes while one is under way gets the next, with all others', async () => {
    const { work, ends, begun } = slowWork();
    const read = sharedReads<string>();
    const first = read('a', work);
    const others = [read('a', work), read('a', work)];
    expect(begun()).toBe(1);
    ends[0]?.resolve('old');
    expect(await first).toBe('old');
    while (begun() < 2) await Promise.resolve();
    const late = read('a', work);
    expect(begun()).toBe(2);
    ends[1]?.resolve('new');
    expect(await Promise.all(others)).toEqual(['new', 'new']);
    ends[2]?.resolve('newest');
    expect(await late).toBe('newest');
    await expect(Promise.race([read('a', work), Promise.resolve('it has begun anew')])).resolves.toBe(
      'it has begun anew',
    );
    expect(begun()).toBe(4);
  });

  it('do not wait for those of another key, and go on after one that failed', async () => {
    const { work, ends, begun } = slowWork();
    const read = sharedReads<string>();
    const first = read('a', work);
    void read('b', work);
    expect(begun()).toBe(2);
    const next = read('a', work);
    ends[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    while (begun() < 3) await Promise.resolve();
    ends[2]?.resolve('back');
    expect(await next).toBe('back');
  });
});
