import { appendFields, joinRows, NO_META, toArray, toLines } from './lines.ts';
import type { Row } from './row.ts';

const row = (text: string, key: string | null = '1/2/3/4'): Row => ({ line: Buffer.from(text), key, ts: 99 });
const splice = (text: string, meta = {}, key?: string | null) =>
  joinRows([row(text, key)], { ...NO_META, ...meta }, { after: '\n' }).toString();

describe('meta fields', () => {
  it.each([
    ['{"a":1}', '{"a":1,"_key":"1/2/3/4","_ts":99}'],
    ['{}', '{"_key":"1/2/3/4","_ts":99}'],
    ['{ }', '{ "_key":"1/2/3/4","_ts":99}'],
    ['{"a":"}"}', '{"a":"}","_key":"1/2/3/4","_ts":99}'],
    ['{"a":NaN,"b":12345678901234567890}', '{"a":NaN,"b":12345678901234567890,"_key":"1/2/3/4","_ts":99}'],
    ['{"żółw":"\\ud800"}', '{"żółw":"\\ud800","_key":"1/2/3/4","_ts":99}'],
    ['[1,2]', '[1,2]'],
  ])('are added to %s', (text, expected) =>
    expect(splice(text, { key: true, ts: true })).toBe(`${expected}\n`),
  );

  it('win over fields of the record, because the last of a name counts', () => {
    expect(JSON.parse(splice('{"_key":"mine"}', { key: true }))).toEqual({ _key: '1/2/3/4' });
  });

  it('stand alone when no data is wanted', () => {
    expect(splice('{"a":1}', { key: true, nodata: true })).toBe('{"_key":"1/2/3/4"}\n');
    expect(splice('{"a":1}', { nodata: true })).toBe('{}\n');
  });

  it('write keys of any kind', () => {
    const key = 'żółw "quoted" \\ \u2028 🐢';
    expect(JSON.parse(splice('{"a":1}', { key: true }, key))).toEqual({ a: 1, _key: key });
  });

  it('are left out of records that have none', () => {
    expect(splice('{"a":1}', { key: true }, null)).toBe('{"a":1}\n');
  });
});

it('records without meta fields are their own bytes, each on a line', () => {
  const odd = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
  const rows = [row('{"a":1}'), { ...row(''), line: odd }, row('[]')];
  expect(joinRows(rows, NO_META, { after: '\n' })).toEqual(
    Buffer.concat([Buffer.from('{"a":1}\n'), odd, Buffer.from('\n[]\n')]),
  );
});

async function all(source: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const piece of source) text += piece;
  return text;
}

async function* lists(...texts: string[][]): AsyncGenerator<Row[]> {
  for (const list of texts) yield list.map((text) => row(text));
}

describe('records written as they come', () => {
  it.each([
    [[], '[]', ''],
    [[[], []], '[]', ''],
    [[['{"a":1}']], '[{"a":1}]', '{"a":1}\n'],
    [[['{"a":1}', '{}'], [], ['[2]']], '[{"a":1},\n{},\n[2]]', '{"a":1}\n{}\n[2]\n'],
  ])('are an array, or lines: %j', async (texts: string[][], array, lines) => {
    expect(await all(toArray(lists(...texts), NO_META))).toBe(array);
    expect(await all(toLines(lists(...texts), NO_META))).toBe(lines);
  });

  it('have their meta fields in both', async () => {
    const meta = { ...NO_META, ts: true };
    expect(await all(toArray(lists(['{"a":1}', '{}']), meta))).toBe('[{"a":1,"_ts":99},\n{"_ts":99}]');
    expect(await all(toLines(lists(['{"a":1}', '{}']), meta))).toBe('{"a":1,"_ts":99}\n{"_ts":99}\n');
    const alone = { ...meta, nodata: true };
    expect(await all(toArray(lists(['{"a":1}', '{}']), alone))).toBe('[{"_ts":99},\n{"_ts":99}]');
  });
});

it.each([
  ['{"a":1}', '{"a":1,"x":"ż"}'],
  ['{ }', '{ "x":"ż"}'],
  ['[{"a":1}]', '[{"a":1}]'],
  ['no record', 'no record'],
])('fields are added to the end of %s', (text, expected) => {
  expect(appendFields(Buffer.from(text), '"x":"ż"').toString()).toBe(expected);
});
