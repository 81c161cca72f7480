import { type Attempted, judge, pauseMs, retryAfter } from './webhook.ts';

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;

function answer(status: number | null, retryAfterMs: number | null = null): Attempted {
  return { status, retryAfterMs, error: null, durationMs: 1, answer: null };
}

it('waits longer after each try, a fifth more or less, and not at all after the eighth', () => {
  const middle = [1, 2, 3, 4, 5, 6, 7].map((tries) => pauseMs(tries, 0.5));
  expect(middle).toEqual([5000, 300_000, 1_800_000, ...[2, 5, 10, 14].map((hours) => hours * HOUR_MS)]);
  expect(pauseMs(1, 0)).toBe(4000);
  expect(pauseMs(1, 1)).toBe(6000);
  expect(pauseMs(8, 0.5)).toBeNull();
  for (let n = 0; n < 100; n += 1) expect(Math.abs((pauseMs(2) ?? 0) - 300_000)).toBeLessThanOrEqual(60_000);
});

it.each<[number | null, number, object]>([
  [200, 1, { state: 'delivered' }],
  [204, 8, { state: 'delivered' }],
  [299, 1, { state: 'delivered' }],
  [199, 1, { state: 'waiting', afterMs: 5000 }],
  [300, 1, { state: 'waiting', afterMs: 5000 }],
  [404, 2, { state: 'waiting', afterMs: 300_000 }],
  [500, 7, { state: 'waiting', afterMs: 14 * HOUR_MS }],
  [500, 8, { state: 'failed', gone: false }],
  [null, 8, { state: 'failed', gone: false }],
  [null, 1, { state: 'waiting', afterMs: 5000 }],
  [410, 1, { state: 'failed', gone: true }],
  [410, 8, { state: 'failed', gone: true }],
])('an answer of %j at try %d', (status, tries, verdict) => {
  expect(judge(answer(status), tries, 0.5)).toEqual(verdict);
});

it.each<[number, number | null, number]>([
  [429, 60_000, 60_000],
  [503, 60_000, 60_000],
  [503, 1000, 5000],
  [503, null, 5000],
  [429, 400 * DAY_MS, DAY_MS],
  [500, 60_000, 5000],
])('%d that asks for %j ms waits %d ms', (status, asked, afterMs) => {
  expect(judge(answer(status, asked), 1, 0.5)).toEqual({ state: 'waiting', afterMs });
});

const NOW = new Date('2026-03-01T12:00:00Z');

it.each<[string | undefined, number | null]>([
  [undefined, null],
  ['0', 0],
  ['120', 120_000],
  ['999999999', 999_999_999_000],
  ['1234567890', null],
  ['1.5', expect.any(Number) as unknown as number],
  ['soon', null],
  ['', null],
  ['Sun, 01 Mar 2026 12:01:00 GMT', 60_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
])('Retry-After of %j means %j ms', (text, ms) => {
  expect(retryAfter(text, NOW)).toEqual(ms);
});
