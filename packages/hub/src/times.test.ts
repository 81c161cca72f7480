import { isoSecond, isoSecondOf } from './times.ts';

it('writes milliseconds as it writes dates', () => {
  const times = [
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00Z',
    '2024-02-29T12:00:00.5Z',
    '9999-12-31T23:59:59Z',
  ];
  const first = Date.parse('1965-01-01T00:00:00Z');
  // Odd steps of some days, forth and back: each hour, minute and second comes.
  const more = Array.from({ length: 5000 }, (_, n) => first + (n % 7) * 1e10 + n * 277_777_777);
  for (const ms of [...times.map((time) => Date.parse(time)), ...more]) {
    expect(isoSecondOf(ms)).toBe(isoSecond(new Date(ms)));
  }
});
