import { bandOf, medianOf } from './band.ts';
import { outcomeKind } from './outcome-kind.ts';

it.each([
  ['running', null, null],
  ['finished', 'finished', 'ok'],
  ['finished', 'closespider_itemcount', 'ok'],
  ['finished', null, 'ok'],
  ['finished', 'cancelled', 'cancelled'],
  ['finished', 'cancelled (stalled)', 'failed'],
  ['finished', 'closespider_errorcount', 'failed'],
  ['finished', 'memusage_exceeded', 'failed'],
  ['finished', 'toString', 'failed'],
])('a job that is %s with %j is %j', (state, reason, kind) => {
  expect(outcomeKind(state, reason)).toBe(kind);
});

it.each([
  [[], null],
  [[1, 2], null],
  [[100, 90, 110], { median: 100, low: 60, high: 140, runs: 3 }],
  [[4, 1, 3, 2], { median: 2.5, low: 1.5, high: 3.5, runs: 4 }],
  [[0, 0, 0], { median: 0, low: 0, high: 0, runs: 3 }],
])('what is usual of %j is %j', (values, band) => {
  expect(bandOf(values)).toEqual(band);
});

it('the median of nothing is 0', () => {
  expect(medianOf([])).toBe(0);
});
