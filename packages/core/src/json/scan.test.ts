import fc from 'fast-check';
import { decodedLength, decodeString, scanFields } from './scan.ts';

interface Field {
  name: string | null;
  value: string;
}

function fieldsOf(text: string): Field[] {
  const line = Buffer.from(text);
  const fields: Field[] = [];
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    const value = line.toString('utf8', valueStart, valueEnd);
    fields.push({ name: decodeString(line, keyStart, keyEnd), value });
    return true;
  });
  return fields;
}

/** Keys and texts that like to break scanners, besides whatever fast-check invents. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', '"', '{', '}', '[', ']', ',', ':', ' ', '\n', 'a', 'é', '🐢', '\ud800'),
    maxLength: 120,
  }),
  fc.constantFrom('__proto__', 'constructor', '', 'level'),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.array(fc.tuple(text, tie('any')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
})).any;

/** JSON text with the freedom that writers have: spaces, and any character as an escape. */
function written(json: unknown, spaces: number, escaped: boolean): string {
  const plain = JSON.stringify(json, null, spaces);
  if (!escaped) return plain;
  return plain.replace(
    /[\u0080-\uffff/]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

describe('scanFields', () => {
  it('finds what JSON.parse finds, in any writing', () => {
    const entries = fc.uniqueArray(fc.tuple(text, value), { selector: ([name]) => name, maxLength: 8 });
    fc.assert(
      fc.property(entries, fc.nat(3), fc.boolean(), (members, spaces, escaped) => {
        const json = written(Object.fromEntries(members), spaces, escaped);
        const expected = Object.entries(JSON.parse(json) as object);
        const found = fieldsOf(json).map(({ name, value: raw }) => [name, JSON.parse(raw)]);
        expect(found).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('ends on any bytes', () => {
    const bytes = fc.array(fc.constantFrom(...Buffer.from('{}[]",:\\u1a \n\0é')), { maxLength: 80 });
    fc.assert(
      fc.property(bytes, (codes) => {
        const line = Buffer.from([0x7b, 0x22, ...codes]);
        scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
          expect(keyStart <= keyEnd && keyEnd < valueStart && valueStart < valueEnd).toBe(true);
          expect(valueEnd).toBeLessThanOrEqual(line.length);
          decodeString(line, keyStart, keyEnd);
          decodedLength(line, valueStart, valueEnd);
          return true;
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('takes tokens that JSON does not know, and repeated keys each time', () => {
    expect(fieldsOf('{"a":NaN,"b":-Infinity,"a":9007199254740993}')).toEqual([
      { name: 'a', value: 'NaN' },
      { name: 'b', value: '-Infinity' },
      { name: 'a', value: '9007199254740993' },
    ]);
  });

  it.each(['', '[1,2]', '"a"', '{', '{"a"', '{"a":', '{"a":}', '{a:1}', 'null'])(
    'finds nothing in %p',
    (broken) => {
      expect(fieldsOf(broken)).toEqual([]);
    },
  );

  it('stops when it is told to', () => {
    let visits = 0;
    scanFields(Buffer.from('{"a":1,"b":2,"c":3}'), () => {
      visits += 1;
      return visits < 2;
    });
    expect(visits).toBe(2);
  });
});

describe('decodedLength', () => {
  it('is the length in UTF-8 of what the text stands for', () => {
    fc.assert(
      fc.property(text, fc.boolean(), (content, escaped) => {
        const raw = Buffer.from(written(content, 0, escaped));
        const expected = Buffer.byteLength(content);
        expect(decodedLength(raw, 1, raw.length - 1)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
