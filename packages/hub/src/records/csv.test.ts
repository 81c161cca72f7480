import { type CsvOptions, toCsv } from './csv.ts';
import { NO_META } from './lines.ts';
import { atHand } from './row.ts';

async function csv(json: string, options: CsvOptions, meta = {}): Promise<string> {
  const rows = atHand([{ line: Buffer.from(json), key: '1/2/3/0', ts: 5 }]);
  let text = '';
  for await (const piece of toCsv(rows, options, { ...NO_META, ...meta })) text += piece;
  return text;
}

const row = (json: string, fields: string[], guard = false) => csv(json, { fields, header: false, guard });

describe('a row of CSV', () => {
  it('writes the chosen fields in their order, and nothing for those that are missing or null', async () => {
    expect(await row('{"a":1,"b":"x","c":null}', ['b', 'c', 'd', 'a'])).toBe('x,,,1\n');
  });

  it('quotes commas, quotes and line ends', async () => {
    expect(await row('{"a":"1,2","b":"say \\"hi\\"","c":"x\\ny"}', ['a', 'b', 'c'])).toBe(
      '"1,2","say ""hi""","x\ny"\n',
    );
  });

  it('keeps every digit of numbers, bare NaN, and the JSON text of lists', async () => {
    expect(await row('{"id":1234567890123456789,"x":NaN,"l":[1, "a"]}', ['id', 'x', 'l'])).toBe(
      '1234567890123456789,NaN,"[1, ""a""]"\n',
    );
  });

  it.each(['=cmd()', '+1', '-1', '@SUM', '\t=x', '\r=x'])(
    'guards the text %j only when asked to',
    async (text) => {
      const json = JSON.stringify({ a: text, n: -1 });
      expect((await row(json, ['a', 'n'], true)).replace(/^"/, '')).toMatch(/^'/);
      expect(await row(json, ['a', 'n'], true)).toContain(',-1');
      expect(await row(json, ['a', 'n'])).not.toContain("'");
    },
  );

  it('knows no field by inheritance', async () => {
    expect(await row('{"a":1}', ['__proto__', 'constructor', 'a'])).toBe(',,1\n');
    expect(await row('{"__proto__":2}', ['__proto__'])).toBe('2\n');
  });
});

it('the header quotes names like values', async () => {
  const options = { fields: ['a', 'b c', 'd"e'], header: true };
  expect(await csv('{}', options)).toBe('a,b c,"d""e"\n,,\n');
});

describe('CSV', () => {
  const OPTIONS = { fields: ['a', 'b'], header: true };
  const table = (text: string, options = {}, meta = {}) => csv(text, { ...OPTIONS, ...options }, meta);

  it.each([
    ['{"a":1,"b":"x"}', 'a,b\n1,x\n'],
    ['{"b":12345678901234567890}', 'a,b\n,12345678901234567890\n'],
    ['{"a":"x,y","b":"say \\"hi\\""}', 'a,b\n"x,y","say ""hi"""\n'],
    ['{"a":"two\\nlines","b":null}', 'a,b\n"two\nlines",\n'],
    ['{"a":[1,2],"b":{"x":true}}', 'a,b\n"[1,2]","{""x"":true}"\n'],
    ['{"a":"żółw","c":9}', 'a,b\nżółw,\n'],
  ])('of %s', async (text, expected) => expect(await table(text)).toBe(expected));

  it('has the separators that were asked for', async () => {
    const options = { sep: '\t', quote: "'", escapeWith: '\\', lineEnd: '\r\n', header: false };
    expect(await table('{"a":"it\'s","b":"x\\ty"}', options)).toBe("'it\\'s'\t'x\ty'\r\n");
  });

  it('may have columns of meta fields', async () => {
    expect(await table('{"a":1}', { fields: ['_key', 'a'] }, { key: true })).toBe('_key,a\n1/2/3/0,1\n');
  });
});
