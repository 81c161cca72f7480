import { decodeMulti } from '@msgpack/msgpack';
import { NO_META } from './lines.ts';
import { toMsgpack } from './msgpack.ts';
import { atHand, type Row } from './row.ts';
import { toXml } from './xml.ts';

const rows = (...texts: string[]): Row[] =>
  texts.map((text, i) => ({ line: Buffer.from(text), key: `1/2/3/${i}`, ts: 1_700_000_000_000 }));

async function all(source: AsyncIterable<string | Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('msgpack', () => {
  const encode = async (text: string, meta = {}) =>
    all(toMsgpack(atHand(rows(text)), { ...NO_META, ...meta }));
  const decode = async (text: string, meta = {}) => [
    ...decodeMulti(await encode(text, meta), { useBigInt64: true }),
  ];

  it('carries records one after the other', async () => {
    const bytes = await all(toMsgpack(atHand(rows('{"a":1}', '[1,2]', '{}')), NO_META));
    expect([...decodeMulti(bytes)]).toEqual([{ a: 1 }, [1, 2], {}]);
  });

  it.each([
    ['{"t":1700000000000}', 'cf0000018bcfe56800'],
    ['{"t":4294967296}', 'cf0000000100000000'],
    ['{"t":18446744073709551615}', 'cfffffffffffffffff'],
    ['{"t":-9223372036854775808}', 'd38000000000000000'],
    ['{"t":1700000000000,"big":1}', 'cf0000018bcfe56800'],
  ])('writes whole numbers whole: %s', async (text, hex) => {
    expect((await encode(text)).toString('hex')).toContain(hex);
  });

  it('keeps numbers whole beside ones that need care', async () => {
    expect(await decode('{"a":1700000000000,"b":12345678901234567890}')).toEqual([
      { a: 1_700_000_000_000n, b: 12345678901234567890n },
    ]);
  });

  it('makes floats of integers that msgpack cannot hold', async () => {
    expect(await decode('{"a":123456789012345678901234567890}')).toEqual([{ a: 1.2345678901234568e29 }]);
  });

  it('carries what JSON cannot say', async () => {
    expect(await decode('{"a":NaN,"b":-Infinity}')).toEqual([{ a: Number.NaN, b: -Infinity }]);
  });

  it('writes valid UTF-8 only', async () => {
    expect(await decode('{"\\ud800":"\\udfff","pair":"\\ud83d\\ude00"}')).toEqual([
      { '\ufffd': '\ufffd', pair: '😀' },
    ]);
  });

  it('bounds the depth instead of failing', async () => {
    const deep = `{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`;
    expect((await encode(deep)).length).toBeGreaterThan(400);
  });

  it('adds meta fields', async () => {
    expect(await decode('{"a":1}', { key: true, ts: true })).toEqual([
      { a: 1, _key: '1/2/3/0', _ts: 1_700_000_000_000n },
    ]);
    expect(await decode('{"a":1}', { key: true, nodata: true })).toEqual([{ _key: '1/2/3/0' }]);
  });

  it('gives an empty record for a line that is no JSON', async () => {
    expect(await decode('{"a":}')).toEqual([{}]);
  });
});

describe('XML', () => {
  const xml = async (text: string) => (await all(toXml(atHand(rows(text)), NO_META))).toString();

  it('has the types of XML-RPC', async () => {
    const text =
      '{"s":"a<b>&\\u0001","i":5,"f":1.5,"t":true,"n":null,"l":[1],"o":{"k":"v"},"big":12345678901234567890}';
    expect(await xml(text)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<values>
<value><struct><member><name>s</name><value><string>a&lt;b&gt;&amp;\ufffd</string></value></member><member><name>i</name><value><int>5</int></value></member><member><name>f</name><value><double>1.5</double></value></member><member><name>t</name><value><boolean>1</boolean></value></member><member><name>n</name><value><nil/></value></member><member><name>l</name><value><array><data><value><int>1</int></value></data></array></value></member><member><name>o</name><value><struct><member><name>k</name><value><string>v</string></value></member></struct></value></member><member><name>big</name><value><int>12345678901234567890</int></value></member></struct></value>
</values>
`,
    );
  });
});
