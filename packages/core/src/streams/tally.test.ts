import fc from 'fast-check';
import type { StreamName } from '../ports/stream-store.ts';
import { MAX_COUNTED_NAMES } from './stats.ts';
import { TALLIES } from './tally.ts';

function tally(stream: StreamName, text: string) {
  const { bytes, counts } = TALLIES[stream](Buffer.from(text));
  return { bytes, counts: [...counts].sort() };
}

describe('tallies', () => {
  it('count each top-level field of an item once, whatever its value', () => {
    const line = '{"a":null,"b":NaN,"a":1,"\\u0063":{"d":1,"e":[{"f":2}]},"_type":"x","__proto__":0}';
    expect(tally('items', line)).toEqual({
      bytes: line.length,
      counts: ['__proto__', '_type', 'a', 'b', 'c'],
    });
  });

  it('count items of changing layout as if each stood alone', () => {
    const fields = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'ab', '', 'é', '"'), { maxLength: 7 });
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 12 }), (items) => {
        for (const names of items) {
          const line = JSON.stringify(Object.fromEntries(names.map((name) => [name, 1])));
          expect(tally('items', line).counts).toEqual([...names].sort());
        }
      }),
    );
  });

  it('count items that begin alike and have very many fields', () => {
    const wide = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i])));
    for (const count of [201, 202, 201, 200, 201, 500])
      expect(tally('items', wide(count)).counts).toHaveLength(count);
    expect(tally('items', wide(5000)).counts).toHaveLength(MAX_COUNTED_NAMES);
  });

  it('leave out names that are too long to be fields', () => {
    expect(tally('items', `{"${'x'.repeat(129)}":1,"${'y'.repeat(128)}":1}`).counts).toEqual([
      'y'.repeat(128),
    ]);
  });

  it('count logs by level and the bytes of their messages plus one', () => {
    expect(tally('logs', '{"time":1,"level":20,"message":"simple-msg1"}')).toEqual({
      bytes: 12,
      counts: ['20'],
    });
    expect(tally('logs', '{"message":"a\\n\\u00e9\\ud83d\\ude00\\"","level": 40 }')).toEqual({
      bytes: 10,
      counts: ['40'],
    });
    expect(tally('logs', '{"message":"\\"level\\":50","level":10}')).toEqual({ bytes: 11, counts: ['10'] });
  });

  it('count no level that is none', () => {
    for (const level of ['"20"', 'null', '20.5', '123456', '[1]']) {
      expect(tally('logs', `{"level":${level},"message":""}`)).toEqual({ bytes: 1, counts: [] });
    }
    expect(tally('logs', 'not json')).toEqual({ bytes: 1, counts: [] });
  });

  it('count the fields of a request that have a value', () => {
    const line =
      '{"url":"u","status":200,"method":"GET","rs":1,"duration":2,"parent":null,"time":3,"fp":"f","other":1}';
    expect(tally('requests', line).counts).toEqual(['duration', 'fp', 'method', 'rs', 'status', 'url']);
    expect(tally('requests', '{"parent":0,"url":null}').counts).toEqual(['parent']);
  });

  it('count only bytes of samples', () => {
    expect(tally('samples', '[1476803148638,1,2,3]')).toEqual({ bytes: 21, counts: [] });
  });
});
