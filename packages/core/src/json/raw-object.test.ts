import { oneLine, readRawObject, readRawString, writeRawObject } from './raw-object.ts';

describe('raw objects', () => {
  it.each([
    '{"a":NaN,"b":-Infinity,"c":12345678901234567890,"d":1.0}',
    '{"lone":"\\ud800","raw":"żółw"}',
    '{"__proto__":{"x":[1,{"y":"}"}]},"constructor":null}',
    '{}',
  ])('come back as they went in: %s', (text) => {
    expect(writeRawObject(readRawObject(text) ?? [])).toBe(text);
  });

  it('keep the last of repeated fields', () => {
    expect(readRawObject('{"a":1,"a":2}')).toEqual(new Map([['a', '2']]));
  });

  it('allow space around everything', () => {
    expect(readRawObject(' { "a" : [ 1 ] } ')).toEqual(new Map([['a', '[ 1 ]']]));
  });

  it.each([
    '',
    '[]',
    '"x"',
    '{',
    '{"a":1',
    '{"a":1}}',
    '{"a":1} x',
    '{"a":}',
    '{"a" 1}',
    '{"a":1,}',
    '{a:1}',
    'null',
  ])('are not read from %j', (text) => expect(readRawObject(text)).toBeNull());

  it('are written on one line', () => {
    expect(writeRawObject([['a', '[1,\n2]']])).toBe('{"a":[1, 2]}');
    expect(oneLine('"a\\nb"')).toBe('"a\\nb"');
  });
});

describe('raw strings', () => {
  it.each([
    ['"a"', 'a'],
    [' "a\\u00e9" ', 'aé'],
    ['""', ''],
    ['1', null],
    ['null', null],
    ['["a"]', null],
    [undefined, null],
  ])('reads %j as %j', (raw, text) => expect(readRawString(raw)).toBe(text));
});
