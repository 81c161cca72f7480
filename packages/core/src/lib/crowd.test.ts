import { createCrowd } from './crowd.ts';

let now = 0;
beforeEach(() => {
  now = 0;
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
});
afterEach(() => jest.useRealTimers());

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function stage(most: number) {
  const crowd = createCrowd({ most, shortMs: 100, awayMs: 1000, now: () => now });
  const ends: Record<string, () => void> = {};
  async function come(tenant: string, name: string): Promise<void> {
    ends[name] = await crowd.enter(tenant);
  }
  return { come, ends, begun: () => Object.keys(ends) };
}

it('lets who is alone do all at once, and some at a time as soon as somebody else is there', async () => {
  const { come, ends, begun } = stage(2);
  for (const n of [1, 2, 3]) void come('a', `a${n}`);
  await settled();
  expect(begun()).toEqual(['a1', 'a2', 'a3']);
  void come('b', 'b1');
  for (const n of [4, 5]) void come('a', `a${n}`);
  await settled();
  expect(begun()).toEqual(['a1', 'a2', 'a3', 'b1']);
  ends.a1?.();
  ends.a1?.();
  await settled();
  expect(begun()).not.toContain('a4');
  ends.a2?.();
  await settled();
  expect(begun()).toContain('a4');
  expect(begun()).not.toContain('a5');
});

it('forgets who has been away for a while', async () => {
  const { come, begun } = stage(1);
  void come('b', 'b1');
  await settled();
  now += 1001;
  for (const n of [1, 2, 3]) void come('a', `a${n}`);
  await settled();
  expect(begun()).toEqual(['b1', 'a1', 'a2', 'a3']);
});

it('does not wait for what takes long', async () => {
  const { come, begun } = stage(1);
  void come('b', 'b1');
  void come('a', 'a1');
  void come('a', 'a2');
  await settled();
  expect(begun()).toEqual(['b1', 'a1']);
  now += 150;
  jest.advanceTimersByTime(150);
  await settled();
  expect(begun()).toEqual(['b1', 'a1', 'a2']);
});
