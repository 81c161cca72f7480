import { cronWords } from './cron-words.ts';

it.each([
  ['30 6 * * 1-5', 'At 06:30, Monday through Friday'],
  ['30 6 * * *', 'At 06:30, every day'],
  ['0 0 L * *', 'At 00:00, on the last day of the month'],
  ['0 0 15W * *', 'At 00:00, on the weekday nearest day 15 of the month'],
  ['0 0 * * 1#2', 'At 00:00, on the second Monday of the month'],
  ['30 2 * * 7', 'At 02:30, only on Sunday'],
  ['0 0 13 * 5', 'At 00:00, on day 13 of the month, or on Friday'],
  ['0 0 13 * +5', 'At 00:00, on day 13 of the month, only on Friday'],
  ['*/15 * * * *', 'Every 15 minutes'],
  ['@hourly', 'Every hour'],
  ['2026-12-24T06:00', 'Once, at 2026-12-24 06:00'],
])('says %s as “%s”', (cron, words) => expect(cronWords(cron)).toBe(words));

it.each(['', '* * * *', 'x y', '60 * * * *'])('has no words for “%s”', (cron) =>
  expect(cronWords(cron)).toBeNull(),
);
