import fc from 'fast-check';
import { endOfValidString } from './check.ts';
import { endOfString, skipSpace } from './scan.ts';

const ends = (text: string) => {
  const bytes = Buffer.from(text);
  return [endOfString(bytes, 0), endOfValidString(bytes, 0)];
};

describe('the end of a string', () => {
  it.each([
    ['"', 0],
    ['abc", "x"', 3],
    ['a\\"b"', 4],
    ['a\\\\"b"', 3],
    ['\\u12aB"', 6],
    [`${'x'.repeat(100)}\\""`, 102],
  ])('is the first quote that is not escaped: %j', (text, end) => {
    expect(ends(text)).toEqual([end, end]);
  });

  it.each(['no end', 'a\\"', '\\x"', '\\u12g4"', '\\u12"', 'a\nb"'])(
    'is refused by the strict one: %j',
    (text) => {
      expect(ends(text)[1]).toBe(-1);
    },
  );

  it('is the same to both for everything that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
        const text = Buffer.from(`${JSON.stringify(value).slice(1)}, "next"`);
        expect(endOfValidString(text, 0)).toBe(endOfString(text, 0));
      }),
    );
  });
});

it.each([
  ['  \t\r\n x', 6],
  ['x', 0],
  ['   ', 3],
  ['', 0],
])('white space before %j is passed over', (text, at) => {
  expect(skipSpace(Buffer.from(text), 0)).toBe(at);
});
