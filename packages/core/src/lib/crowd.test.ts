import { createCompany } from './company.ts';
import { createCrowd } from './crowd.ts';

let now = 0;
beforeEach(() => {
  now = 0;
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
});
afterEach(() => jest.useRealTimers());

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Time passes for timers and for the crowd. */
async function pass(ms: number): Promise<void> {
  now += ms;
  jest.advanceTimersByTime(ms);
  await settled();
}

function stage(most: number) {
  const clock = () => now;
  const company = createCompany({ awayMs: 1000, now: clock });
  const crowd = createCrowd({ most, shortMs: 100, patienceMs: 5, breathMs: 2, now: clock, company });
  const ends: Record<string, () => void> = {};
  function come(...names: string[]): Promise<void> {
    for (const name of names)
      void crowd.enter(name.slice(0, 1)).then((leave) => {
        ends[name] = leave;
      });
    return settled();
  }
  function end(name: string): Promise<void> {
    ends[name]?.();
    return settled();
  }
  return { come, end, begun: () => Object.keys(ends) };
}

it('lets who is alone do all at once, and some at a time as soon as somebody else is there', async () => {
  const { come, end, begun } = stage(2);
  await come('a1', 'a2', 'a3', 'b1', 'a4', 'a5');
  expect(begun()).toEqual(['a1', 'a2', 'a3', 'b1']);
  await end('b1');
  await end('a1');
  await end('a1');
  expect(begun()).not.toContain('a4');
  await end('a2');
  await pass(2);
  expect(begun()).toContain('a4');
  expect(begun()).not.toContain('a5');
});

it('forgets who has been away for a while', async () => {
  const { come, begun } = stage(1);
  await come('b1');
  now += 1001;
  await come('a1', 'a2', 'a3');
  expect(begun()).toEqual(['b1', 'a1', 'a2', 'a3']);
});

it('does not wait for what takes long', async () => {
  const { come, begun } = stage(1);
  await come('b1', 'a1', 'a2');
  expect(begun()).toEqual(['b1', 'a1']);
  for (let n = 0; n < 25; n += 1) await pass(5);
  expect(begun()).toEqual(['b1', 'a1', 'a2']);
});

it('lets who has no line go before the lines of others, and the lines go on when it is done', async () => {
  const { come, end, begun } = stage(1);
  await come('b0', 'a1', 'a2', 'a3');
  await end('b0');
  await come('b1');
  await end('a1');
  expect(begun()).toEqual(['b0', 'a1', 'b1']);
  await end('b1');
  expect(begun()).toEqual(['b0', 'a1', 'b1']);
  await pass(2);
  expect(begun()).toEqual(['b0', 'a1', 'b1', 'a2']);
});

it('gives who makes one call after the other the moment to make the next', async () => {
  const { come, end, begun } = stage(1);
  await come('b0', 'a1', 'a2');
  await end('a1');
  await end('b0');
  await pass(1);
  await come('b1');
  await pass(1);
  await end('b1');
  await pass(1);
  expect(begun()).toEqual(['b0', 'a1', 'b1']);
  await pass(1);
  expect(begun()).toEqual(['b0', 'a1', 'b1', 'a2']);
});

it('gives way for a moment only, however many come without a line', async () => {
  const { come, end, begun } = stage(1);
  await come('b0', 'a1', 'a2', 'a3');
  await end('a1');
  expect(begun()).not.toContain('a2');
  await end('b0');
  await pass(2);
  expect(begun()).toContain('a2');
  await end('a2');
  expect(begun()).toContain('a3');
});

it('begins one of a line at the end of its patience though somebody else is always there', async () => {
  const { come, end, begun } = stage(1);
  await come('b0', 'a1', 'a2', 'a3');
  await end('a1');
  await come('c1');
  await pass(5);
  expect(begun()).toEqual(['b0', 'a1', 'c1', 'a2']);
  await end('a2');
  await come('d1');
  expect(begun()).not.toContain('a3');
  await pass(5);
  expect(begun()).toContain('a3');
});

it('has lines go on beside each other', async () => {
  const { come, end, begun } = stage(1);
  await come('a0', 'b0', 'a1', 'b1', 'a2', 'b2');
  await end('a0');
  await end('b0');
  expect(begun()).toEqual(['a0', 'b0', 'a1', 'b1']);
});
