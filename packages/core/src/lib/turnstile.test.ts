import { turnstile } from './turnstile.ts';

it('lets so many in at once, the others in order, and goes on after a failure', async () => {
  const pass = turnstile(2);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const work = (n: number) =>
    pass(async () => {
      began.push(n);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (n === 1) throw new Error('one');
      return n;
    });
  const results = Promise.allSettled([1, 2, 3, 4].map(work));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(began).toEqual([1, 2]);
  ends[0]?.();
  await turn();
  expect(began).toEqual([1, 2, 3]);
  for (const end of [1, 2, 3]) {
    ends[end]?.();
    await turn();
  }
  expect((await results).map((result) => result.status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(await pass(async () => 5)).toBe(5);
});
