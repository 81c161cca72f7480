import { bytes, count, distance, duration, percent, plural, shortTime } from './format.ts';

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1s'],
  [74_000, '1m 14s'],
  [3_600_000, '1h'],
  [3_660_000, '1h 1m'],
  [90_061_000, '1d 1h'],
  [null, '–'],
])('%s ms lasts %s', (ms, text) => expect(duration(ms)).toBe(text));

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [212_400_000, '212 MB'],
  [1.5e15, '1500 TB'],
])('%s bytes are %s', (size, text) => expect(bytes(size)).toBe(text));

it.each([
  [0, 'just now'],
  [-15_000, 'in 15 s'],
  [59_000, '59 s ago'],
  [3_599_000, '59 min ago'],
  [23 * 3_600_000, '23 h ago'],
  [25 * 3_600_000, null],
])('%s ms away is %s', (away, text) => expect(distance(1e12 - away, 1e12)).toBe(text));

it('never calls a part nothing or all', () => {
  expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(['0 %', '<1 %', '50 %', '>99 %', '100 %']);
});

it('counts', () => {
  expect([count(19_476), count(undefined), plural(1, 'job'), plural(1200, 'job')]).toEqual([
    '19,476',
    '–',
    '1 job',
    '1,200 jobs',
  ]);
});

it('knows two zones', () => {
  expect(shortTime(Date.UTC(2026, 10, 30, 6, 30), 'utc')).toBe('30 Nov, 06:30');
});
