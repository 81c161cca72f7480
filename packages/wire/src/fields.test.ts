import type { z } from 'zod';
import { Email, Name, PathNumber, QueryList, queryNumber, Time } from './fields.ts';

const takes = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

it.each(['0', '01', '-1', '1.0', '1e3', ' 1', '1 ', '', '1000000000', '٣', '+1', '0x1', 1])(
  'a number in a path is not %j',
  (text) => {
    expect(takes(PathNumber, text)).toBe(false);
  },
);

it.each(['1', '999999999'])('a number in a path may be %s', (text) => {
  expect(PathNumber.parse(text)).toBe(Number(text));
});

it('a number in a query keeps to its ends, and says which they are', () => {
  const field = queryNumber(5, 200);
  expect([field.parse('5'), field.parse('200'), field.parse('0007')]).toEqual([5, 200, 7]);
  for (const text of ['4', '201', '-5', '5.0', '', ' 5', '1e2', '9'.repeat(16), ['5', '6']])
    expect(takes(field, text)).toBe(false);
  for (const text of ['4', 'x'])
    expect(field.safeParse(text).error?.issues[0]?.message).toBe('expected a whole number, 5 to 200');
});

it.each(['a', 'a b', 'é', '中 文', '🕷', `${'x'.repeat(255)}`, 'a.b/c\\d', 'null', '__proto__'])(
  'a name may be %j',
  (name) => {
    expect(takes(Name, name)).toBe(true);
  },
);

it.each([
  '',
  ' a',
  'a ',
  '\u00a0a',
  'a\nb',
  'a\u0000b',
  'a\u2028b',
  'a\u0085b',
  '\ud800',
  'x'.repeat(256),
  '\t',
  5,
  null,
])('a name is not %j', (name) => {
  expect(takes(Name, name)).toBe(false);
});

it('a list in a query comes with commas, repeated, or both, and without what is empty', () => {
  const list = (given: unknown) => QueryList.parse(given);
  expect(list('a,b')).toEqual(['a', 'b']);
  expect(list(['a,b', 'c', ''])).toEqual(['a', 'b', 'c']);
  expect([list(''), list(',,'), list([])]).toEqual([[], [], []]);
  expect(list(' a , b')).toEqual([' a ', ' b']);
});

it.each(['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123Z', '2024-02-29T00:00:00Z'])(
  'a moment may be %s',
  (text) => {
    expect(takes(Time, text)).toBe(true);
  },
);

it.each([
  '2026-02-29T00:00:00Z',
  '2026-01-31',
  '2026-01-31T12:00:00+01:00',
  '2026-01-31 12:00:00Z',
  '2026-13-01T00:00:00Z',
  '1706702400',
])('a moment is not %s', (text) => {
  expect(takes(Time, text)).toBe(false);
});

it('an address has one recipient, and a length that mail can carry', () => {
  expect(takes(Email, 'a.b+c@sub.example.org')).toBe(true);
  for (const text of [
    'a@b',
    'a@b.c, d@e.f',
    'a b@c.de',
    '@c.de',
    'a@c.de\n',
    'A <a@c.de>',
    `${'x'.repeat(250)}@c.de`,
  ])
    expect(takes(Email, text)).toBe(false);
});
