import { csvHeader, csvLine } from './csv.ts';

const row = (json: string, fields: string[], safe = false) => csvLine(Buffer.from(json), { fields, safe });

describe('csvLine', () => {
  it('writes the chosen fields in their order, and nothing for those that are missing or null', () => {
    expect(row('{"a":1,"b":"x","c":null}', ['b', 'c', 'd', 'a'])).toBe('x,,,1\n');
  });

  it('quotes commas, quotes and line ends', () => {
    expect(row('{"a":"1,2","b":"say \\"hi\\"","c":"x\\ny"}', ['a', 'b', 'c'])).toBe(
      '"1,2","say ""hi""","x\ny"\n',
    );
  });

  it('keeps every digit of numbers, bare NaN, and the JSON text of lists', () => {
    expect(row('{"id":1234567890123456789,"x":NaN,"l":[1, "a"]}', ['id', 'x', 'l'])).toBe(
      '1234567890123456789,NaN,"[1, ""a""]"\n',
    );
  });

  it.each(['=cmd()', '+1', '-1', '@SUM', '\t=x', '\r=x'])('guards the text %j only when asked to', (text) => {
    const json = JSON.stringify({ a: text, n: -1 });
    expect(row(json, ['a', 'n'], true).replace(/^"/, '')).toMatch(/^'/);
    expect(row(json, ['a', 'n'], true)).toContain(',-1');
    expect(row(json, ['a', 'n'])).not.toContain("'");
  });

  it('knows no field by inheritance', () => {
    expect(row('{"a":1}', ['__proto__', 'constructor', 'a'])).toBe(',,1\n');
    expect(row('{"__proto__":2}', ['__proto__'])).toBe('2\n');
  });
});

it('csvHeader quotes names like values', () => {
  expect(csvHeader({ fields: ['a', 'b c', 'd"e'], safe: false })).toBe('a,b c,"d""e"\n');
});
