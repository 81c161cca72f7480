import { parseRecord } from './parse.ts';

describe('a parsed record', () => {
  it.each<[string, unknown]>([
    ['{"a":1,"b":[null,true,"x"]}', { a: 1, b: [null, true, 'x'] }],
    ['{"a":NaN,"b":-Infinity,"c":Infinity}', { a: Number.NaN, b: -Infinity, c: Infinity }],
    ['{"a":12345678901234567890,"b":-9007199254740993}', { a: 12345678901234567890n, b: -9007199254740993n }],
    ['{"a":1600000000000000,"b":9007199254740991}', { a: 1600000000000000, b: 9007199254740991 }],
    [
      '{"a":0.12345678901234566,"b":1.2345678901234567e+300}',
      { a: 0.12345678901234566, b: 1.2345678901234567e300 },
    ],
    [
      '{"a":"NaN 12345678901234567890 \\"Infinity","NaN":"x"}',
      { a: 'NaN 12345678901234567890 "Infinity', NaN: 'x' },
    ],
    ['[1,NaN]', [1, Number.NaN]],
    ['NaN', Number.NaN],
    ['{"a":"\\\\","b":NaN}', { a: '\\', b: Number.NaN }],
  ])('of %s', (text, value) => expect(parseRecord(Buffer.from(text))).toEqual(value));

  it('keeps `__proto__` a field like any other', () => {
    const record = parseRecord(Buffer.from('{"__proto__":{"x":NaN}}')) as object;
    expect(Object.keys(record)).toEqual(['__proto__']);
    expect((record as { x?: unknown }).x).toBeUndefined();
  });

  it.each(['', '{', '{"a":}', 'nan', '{"a":NaNa}', "{'a':1}"])('is undefined for %j', (text) =>
    expect(parseRecord(Buffer.from(text))).toBeUndefined(),
  );
});
