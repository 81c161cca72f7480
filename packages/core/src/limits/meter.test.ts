import type { UsageCounts, WindowCount } from '../ports/usage-counts.ts';
import { createMeter } from './meter.ts';

let now = 0;
const clock = () => now;
beforeEach(() => {
  now = 1_000_000;
});

/** Where several processes count, without a network. */
function shared(): UsageCounts & { calls: number } {
  const windows = new Map<string, { used: number; endsAt: number }>();
  const counts = {
    calls: 0,
    async add(name: string, n: number, seconds: number): Promise<WindowCount> {
      counts.calls += 1;
      const found = windows.get(name);
      const window = found && found.endsAt > now ? found : { used: 0, endsAt: now + seconds * 1000 };
      window.used += n;
      windows.set(name, window);
      return { used: window.used, endsInMs: window.endsAt - now };
    },
  };
  return counts;
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const RATE = { perSecond: 5, windowSeconds: 2 };

it('lets as many through as a window has, and says when the next one begins', () => {
  const meter = createMeter(null, clock);
  for (let i = 0; i < 10; i++) expect(meter.take('a', RATE)).toBe(0);
  expect(meter.take('a', RATE)).toBe(2);
  now += 1500;
  expect(meter.take('a', RATE)).toBe(1);
  expect(meter.take('b', RATE)).toBe(0);
  now += 500;
  expect(meter.take('a', RATE)).toBe(0);
  expect(meter.used('a', RATE)).toBe(1);
});

it('counts over all processes that share a place, and each counts alone when that fails', async () => {
  const counts = shared();
  const [one, other] = [createMeter(counts, clock), createMeter(counts, clock)];
  for (let i = 0; i < 10; i++) {
    expect((i % 2 ? one : other).take('a', RATE)).toBe(0);
    await settled();
  }
  // Each has taken five; both know of ten as soon as they have told of one more.
  let passed = 0;
  for (let i = 0; i < 4; i++) {
    if ((i % 2 ? one : other).take('a', RATE) === 0) passed += 1;
    await settled();
  }
  expect(passed).toBeLessThanOrEqual(1);

  const alone = createMeter({ add: () => Promise.reject(new Error('away')) }, clock);
  let entered = 0;
  for (let i = 0; i < 20; i++) {
    if (alone.take('a', RATE) === 0) entered += 1;
    await settled();
  }
  expect(entered).toBe(10);
});

it('tells of many requests together', async () => {
  const counts = shared();
  const meter = createMeter(counts, clock);
  for (let i = 0; i < 1000; i++) meter.take('a', { perSecond: 10_000, windowSeconds: 1 });
  await settled();
  expect(counts.calls).toBe(1);
});

it('follows a rate that is changed', () => {
  const meter = createMeter(null, clock);
  for (let i = 0; i < 10; i++) meter.take('a', RATE);
  expect(meter.take('a', { ...RATE, perSecond: 6 })).toBe(0);
  expect(meter.take('a', { ...RATE, perSecond: 1 })).toBe(2);
});
