import { gathered } from './gathered.ts';

it('answers all who ask within a window by one call, each with its own', async () => {
  const load = jest.fn(async (keys: readonly string[]) => new Map(keys.map((key) => [key, key.length])));
  const ask = gathered(load, 20);
  expect(await Promise.all([ask('a'), ask('bb'), ask('a')])).toEqual([1, 2, 1]);
  expect(load.mock.calls).toEqual([[['a', 'bb']]]);
});

it('answers null for what is not there, and a failure fails all who asked and nobody later', async () => {
  let isAway = true;
  const ask = gathered(async (keys: readonly string[]) => {
    if (isAway) throw new Error('away');
    return new Map(keys.filter((key) => key !== 'b').map((key) => [key, 1]));
  }, 5);
  const both = await Promise.allSettled([ask('a'), ask('b')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  expect(await Promise.all([ask('a'), ask('b')])).toEqual([1, null]);
});

it('looks after the question: who asks while a call is under way gets the next one', async () => {
  const ends: (() => void)[] = [];
  let calls = 0;
  const ask = gathered(async (keys: readonly string[]) => {
    calls += 1;
    const mine = calls;
    await new Promise<void>((resolve) => ends.push(resolve));
    return new Map(keys.map((key) => [key, mine]));
  }, 1);
  const first = ask('a');
  while (ends.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const second = ask('a');
  while (ends.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const end of ends) end();
  expect(await Promise.all([first, second])).toEqual([1, 2]);
});
