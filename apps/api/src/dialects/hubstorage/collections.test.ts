import { toCollectionRecord } from './collections.ts';

describe('a record of a collection', () => {
  it.each([
    ['repeated fields', '{"d":1,"_key":"k","d":2}', '{"d":1,"d":2}'],
    [
      'odd names',
      '{"_key":"k","__proto__":{"x":1},"\\u0061":1,"":2}',
      '{"__proto__":{"x":1},"\\u0061":1,"":2}',
    ],
    [
      'odd values',
      '{"n":NaN,"i":123456789012345678901,"s":"\\ud800","_key":"k"}',
      '{"n":NaN,"i":123456789012345678901,"s":"\\ud800"}',
    ],
    ['nothing else', ' { "_key" : "k" } ', '{}'],
    ['a key in other letters', '{"\\u005fkey":"k","v":[1, 2]}', '{"v":[1, 2]}'],
    ['two keys, of which the last counts', '{"_key":"a","v":1,"_key":"k"}', '{"v":1}'],
  ])('keeps %s and lays the key aside', (_what, line, value) => {
    expect(toCollectionRecord(Buffer.from(line))).toEqual({ key: 'k', value });
  });
});
