import { shortLine, turnstile } from './turnstile.ts';

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

it('a short line does one thing at a time, sends away whom it has no place for, and goes on after a failure', async () => {
  const inTurn = shortLine(2);
  let end = () => {};
  const first = inTurn(async () => {
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    throw new Error('first');
  });
  const failed = expect(first).rejects.toThrow('first');
  let began = false;
  const second = inTurn(async () => {
    began = true;
    return 2;
  });
  expect(await inTurn(async () => 3)).toBeNull();
  expect(began).toBe(false);
  end();
  await failed;
  expect(await second).toBe(2);
  expect(await inTurn(async () => 4)).toBe(4);
});
