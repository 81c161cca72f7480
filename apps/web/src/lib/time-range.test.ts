import { timeRange } from './time-range.ts';

it('shows the seconds around a single measurement, and else what is asked for', () => {
  expect(timeRange([100], 100, 86_400_100)).toEqual([95, 105]);
  expect(timeRange([100, 110, 120], 110, 120)).toEqual([110, 120]);
});
