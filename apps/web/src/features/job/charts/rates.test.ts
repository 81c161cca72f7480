import { levelsOf, ratesOf, summaryOf } from './rates.ts';

const samples = [
  [0, 0, 0, 0, 0, 1000],
  [30_000, 10, 5, 20, 0, 2000],
  [60_000, 30, 15, 20, 1, null],
  // Another attempt begins to count anew.
  [90_000, 2, 1, 0, 0, 1500],
];

it('makes rates a minute of counters, with a gap where they start again', () => {
  expect(ratesOf(samples, 3)).toEqual({ times: [30, 60, 90], values: [40, 0, null] });
});

it('takes no samples for no line', () => {
  expect(ratesOf([], 1)).toEqual({ times: [], values: [] });
  expect(ratesOf([[5000, 1, 1, 1, 1, 1]], 1).times).toEqual([]);
});

it('shows levels as they were measured', () => {
  expect(levelsOf(samples, 5, 1024).values).toEqual([1_024_000, 2_048_000, null, 1_536_000]);
});

it('says a line in words', () => {
  expect(summaryOf(ratesOf(samples, 3))).toEqual({ least: 0, median: 40, most: 40 });
  expect(summaryOf({ times: [], values: [] })).toBeNull();
});
