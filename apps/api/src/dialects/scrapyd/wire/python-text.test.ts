import fc from 'fast-check';
import { decodeUtf8, parseFloatBytes, pythonJson, reprBytes } from './python-text.ts';

const bytes = (...values: number[]) => Buffer.from(values);

describe('decoding', () => {
  // What Python 3.11 says of the same bytes.
  it.each([
    [bytes(0xc3, 0x28), "'utf-8' codec can't decode byte 0xc3 in position 0: invalid continuation byte"],
    [bytes(0x61, 0xff), "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"],
    [bytes(0x80), "'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte"],
    [bytes(0xc0, 0x80), "'utf-8' codec can't decode byte 0xc0 in position 0: invalid start byte"],
    [bytes(0xc3), "'utf-8' codec can't decode byte 0xc3 in position 0: unexpected end of data"],
    [bytes(0xe2, 0x82), "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data"],
    [bytes(0xe2, 0x82, 0x28), "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte"],
    [
      bytes(0xed, 0xa0, 0x80),
      "'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte",
    ],
    [
      bytes(0xf0, 0x9f, 0x98, 0x28),
      "'utf-8' codec can't decode bytes in position 0-2: invalid continuation byte",
    ],
    [
      bytes(0xc3, 0xa9, 0xf4, 0x90, 0x80, 0x80),
      "'utf-8' codec can't decode byte 0xf4 in position 2: invalid continuation byte",
    ],
  ])('names the first bad bytes of %p', (bad, message) => {
    expect(() => decodeUtf8(bad)).toThrow(message);
  });

  it('gives back any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeUtf8(Buffer.from(text)) === text));
  });
});

describe('a float', () => {
  it.each([
    ['0', 0],
    [' 1.5 ', 1.5],
    ['-3', -3],
    ['1_000', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['nan', Number.NaN],
  ])('is read from %j', (text, value) => {
    expect(parseFloatBytes(Buffer.from(text))).toBe(value);
  });

  it.each(['', ' ', '.', '1__0', '_1', '0x10', '1e', '1,5', 'e3', '--1'])('is not %j', (text) => {
    expect(() => parseFloatBytes(Buffer.from(text))).toThrow(
      `could not convert string to float: ${reprBytes(Buffer.from(text))}`,
    );
  });
});

it('writes bytes as Python does', () => {
  expect(reprBytes(Buffer.from('a\'"\\\n\x00\xff', 'latin1'))).toBe(`b'a\\'"\\\\\\n\\x00\\xff'`);
  expect(reprBytes(Buffer.from("it's"))).toBe(`b"it's"`);
});

it('writes JSON as Python does', () => {
  expect(pythonJson({ a: ['é', '😀', '\u007f\n'], b: { c: null, d: 1.5 }, e: [], f: {} })).toBe(
    '{"a": ["\\u00e9", "\\ud83d\\ude00", "\\u007f\\n"], "b": {"c": null, "d": 1.5}, "e": [], "f": {}}',
  );
});
