import { summaryOf } from './field-summary.ts';
import { rawValue, rawValues } from './raw-fields.ts';
import { cutText, shortened } from './text.ts';

it('says what values look like', () => {
  const values = ['"a"', '"a"', '"abc"', '1', 'NaN', 'null', '[1,[2]]', '[]', '{"x":1}', 'true', null];
  expect(summaryOf(values)).toEqual({
    sample: 11,
    present: 10,
    types: [
      { type: 'string', count: 3 },
      { type: 'number', count: 2 },
      { type: 'list', count: 2 },
      { type: 'null', count: 1 },
      { type: 'object', count: 1 },
      { type: 'boolean', count: 1 },
    ],
    empty: 2,
    length: { least: 0, median: 1, most: 3 },
    distinct: 9,
    frequent: expect.arrayContaining([{ text: '"a"', count: 2 }]),
  });
});

it('of nothing says nothing', () => {
  expect(summaryOf([null, null])).toMatchObject({ sample: 2, present: 0, length: null, frequent: [] });
});

it('values come as they were written, the last of repeated ones', () => {
  const line = Buffer.from('{"a": NaN,"big":1152921504606846976,"__proto__":"é\\u00e9","a":-0.10}');
  expect(rawValues(line, 100)).toEqual([
    { name: 'a', text: '-0.10', size: 5 },
    { name: 'big', text: '1152921504606846976', size: 19 },
    { name: '__proto__', text: '"é\\u00e9"', size: 10 },
  ]);
  expect(rawValue(line, 'big')).toBe('1152921504606846976');
  expect(rawValue(line, 'toString')).toBeNull();
});

it('texts are cut between characters', () => {
  const line = Buffer.from('aé€🐢');
  const cuts = Array.from({ length: line.length + 1 }, (_, most) => cutText(line, 0, line.length, most));
  expect([...new Set(cuts)]).toEqual(['', 'a', 'aé', 'aé€', 'aé€🐢']);
  expect([0, 1, 2, 3].map((most) => shortened('a🐢', most))).toEqual(['', 'a', 'a', 'a🐢']);
});
