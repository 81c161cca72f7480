import {
  changeBetween,
  clockIn,
  isZone,
  momentOf,
  offsetMinutes,
  offsetText,
  wallOf,
  zoneNames,
} from './zones.ts';

const at = (text: string) => Date.parse(text);

it('shows what clocks of a zone show', () => {
  expect(clockIn(at('2026-03-29T00:59:00Z'), 'Europe/Berlin')).toEqual({
    date: 'Sun 29 Mar 2026',
    time: '01:59',
    second: '',
  });
  expect(clockIn(at('2026-03-29T01:00:30Z'), 'Europe/Berlin')).toMatchObject({
    time: '03:00',
    second: ':30',
  });
  expect(clockIn(at('2026-09-01T00:00:00Z'), 'UTC').time).toBe('00:00');
});

it.each([
  ['2026-01-10T00:00:00Z', 'Europe/Berlin', 60],
  ['2026-09-10T00:00:00Z', 'Europe/Berlin', 120],
  ['2026-09-10T00:00:00Z', 'America/New_York', -240],
  ['2026-09-10T23:59:59Z', 'Asia/Kolkata', 330],
  ['2026-12-31T23:30:00Z', 'Pacific/Kiritimati', 840],
  ['2026-09-10T00:00:00Z', 'UTC', 0],
])('%s in %s is %d minutes from UTC', (moment, zone, minutes) => {
  expect(offsetMinutes(at(moment), zone)).toBe(minutes);
});

it('writes offsets', () => {
  expect([330, -210, 0].map(offsetText)).toEqual(['+05:30', '−03:30', '+00:00']);
});

it('finds when clocks are changed', () => {
  expect(changeBetween(at('2026-03-28T01:30:00Z'), at('2026-03-30T00:30:00Z'), 'Europe/Berlin')).toEqual({
    at: at('2026-03-29T01:00:00Z'),
    from: 60,
    to: 120,
  });
  expect(
    changeBetween(at('2026-10-03T00:00:00Z'), at('2026-10-05T00:00:00Z'), 'Australia/Lord_Howe'),
  ).toEqual({
    at: at('2026-10-03T15:30:00Z'),
    from: 630,
    to: 660,
  });
  expect(changeBetween(at('2026-06-01T00:00:00Z'), at('2026-06-30T00:00:00Z'), 'Europe/Berlin')).toBeNull();
});

it('takes what a field for date and time means, and shows it there again', () => {
  for (const wall of ['2026-03-29T01:59', '2026-03-29T03:00', '2026-10-25T04:00', '2026-07-01T12:00:30'])
    expect(wallOf(momentOf(wall, 'Europe/Berlin'), 'Europe/Berlin')).toBe(wall);
  expect(momentOf('2026-07-01T12:00', 'America/New_York')).toBe('2026-07-01T16:00:00.000Z');
  expect(momentOf('', 'UTC')).toBeNull();
  expect(momentOf('2026-07-01T12:00', 'Nowhere/City')).toBeNull();
});

it('knows zones by their names', () => {
  expect(isZone('Europe/Berlin')).toBe(true);
  expect(isZone('Nowhere/City')).toBe(false);
  expect(isZone('')).toBe(false);
  expect(zoneNames().filter((name) => name === 'UTC')).toEqual(['UTC']);
});
