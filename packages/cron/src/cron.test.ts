import { createCron } from './cron.ts';

const cron = createCron();

function runs(expression: string, zone: string, from: string, count: number): string[] {
  const times: string[] = [];
  let at: Date | null = new Date(from);
  while (times.length < count) {
    at = cron.next(expression, zone, at);
    if (!at) break;
    times.push(at.toISOString().replace(':00.000Z', 'Z'));
  }
  return times;
}

it.each([
  '* * * *',
  '* * * * * *',
  '60 * * * *',
  '*/0 * * * *',
  '5/15 * * * *',
  '0 22-2 * * *',
  'H * * * *',
  '@reboot',
  '@often',
  '0 0 * * 8',
  '0 0 31 2 *',
  '',
  '2026-02-30T10:00',
  '2026-13-01T10:00',
  '2026-12-24',
  `${'1,'.repeat(400)}2 * * * *`,
])('refuses the expression %j and names the field', (expression) => {
  expect(() => cron.checked(expression, 'UTC')).toThrow(/^cron: /);
});

it.each(['', 'Nowhere/City', '+02:00', '-3', ' UTC', 'Europe/Berlin; x'])('refuses the zone %j', (zone) => {
  expect(() => cron.checked('0 0 * * *', zone)).toThrow(/^timezone: .* is no IANA time zone$/);
});

it('keeps expressions and zones in one spelling', () => {
  expect(cron.checked('  0\t 5  * * mon-fri ', 'europe/berlin')).toEqual({
    cron: '0 5 * * mon-fri',
    timezone: 'Europe/Berlin',
  });
});

it.each([
  // [what, expression, zone, from, times]
  [
    'a gap moves a daily run behind it',
    '30 2 * * *',
    'Europe/Berlin',
    '2026-03-28T12:00Z',
    ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
  ],
  [
    'an hour that comes twice has one daily run',
    '30 2 * * *',
    'Europe/Berlin',
    '2026-10-24T12:00Z',
    ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ],
  [
    'an hour that comes twice has its hourly run twice',
    '30 * * * *',
    'America/New_York',
    '2026-11-01T04:45Z',
    ['2026-11-01T05:30Z', '2026-11-01T06:30Z', '2026-11-01T07:30Z'],
  ],
  [
    'quarters of a doubled hour are eight',
    '*/15 1 * * *',
    'America/New_York',
    '2026-11-01T04:50Z',
    [
      '2026-11-01T05:00Z',
      '2026-11-01T05:15Z',
      '2026-11-01T05:30Z',
      '2026-11-01T05:45Z',
      '2026-11-01T06:00Z',
      '2026-11-01T06:15Z',
      '2026-11-01T06:30Z',
      '2026-11-01T06:45Z',
      '2026-11-02T06:00Z',
    ],
  ],
  [
    'half an hour that is missing',
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-03T12:00Z',
    ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
  ],
  [
    'half an hour that comes twice',
    '*/15 * * * *',
    'Australia/Lord_Howe',
    '2026-04-04T14:50Z',
    ['2026-04-04T15:00Z', '2026-04-04T15:15Z'],
  ],
  [
    'a midnight that is missing',
    '0 0 * * *',
    'Africa/Cairo',
    '2026-04-23T12:00Z',
    ['2026-04-23T22:00Z', '2026-04-24T21:00Z'],
  ],
  ['a day that is missing', '0 12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00Z', ['2012-12-29T22:00Z']],
  ['29 February', '0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00Z']],
  [
    'the day of the month or of the week',
    '0 0 13 * 5',
    'UTC',
    '2026-02-10T00:00Z',
    ['2026-02-13T00:00Z', '2026-02-20T00:00Z'],
  ],
  ['both of them', '0 0 13 * +5', 'UTC', '2026-02-14T00:00Z', ['2026-03-13T00:00Z', '2026-11-13T00:00Z']],
  ['7 is Sunday', '0 0 * * 7', 'UTC', '2026-11-29T12:00Z', ['2026-12-06T00:00Z']],
  [
    'the last day, the second Monday, the nearest weekday',
    '0 0 L * *',
    'UTC',
    '2026-02-01T00:00Z',
    ['2026-02-28T00:00Z'],
  ],
  ['the second Monday', '0 0 * * 1#2', 'UTC', '2026-12-01T00:00Z', ['2026-12-14T00:00Z']],
  ['the weekday nearest to the 15th', '0 0 15W * *', 'UTC', '2026-11-01T00:00Z', ['2026-11-16T00:00Z']],
  ['a nickname', '@weekly', 'UTC', '2026-11-29T12:00Z', ['2026-12-06T00:00Z']],
  [
    'a single time in the zone of the plan',
    '2026-12-24T06:00',
    'Europe/Berlin',
    '2026-11-29T12:00Z',
    ['2026-12-24T05:00Z'],
  ],
  [
    'a single time with its own zone',
    '2026-12-24T06:00:00+03:00',
    'Europe/Berlin',
    '2026-11-29T12:00Z',
    ['2026-12-24T03:00Z'],
  ],
  ['a single time that is over', '2026-01-24T06:00', 'UTC', '2026-11-29T12:00Z', []],
])('%s', (_what, expression, zone, from, times) => {
  expect(runs(expression, zone, from, Math.max(times.length, 1))).toEqual(times);
});

it('says by which rules of time zones it answers', () => {
  expect(cron.zoneRules).toMatch(/^\S+$/);
});
