import { Readable } from 'node:stream';
import { readParams } from './body-params.ts';
import type { Incoming } from './incoming.ts';

const FORM = 'application/x-www-form-urlencoded';

function read(body: string | Buffer, type?: string) {
  const headers = type === undefined ? {} : { 'content-type': type };
  const chunks = body.length === 0 ? [] : [Buffer.from(body)];
  return readParams(Object.assign(Readable.from(chunks, { objectMode: false }), { headers }) as Incoming);
}

function multipart(parts: [string, string][]) {
  const text = parts.map(
    ([head, value]) => `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`,
  );
  return read(`${text.join('')}--x--\r\n`, 'multipart/form-data; boundary=x');
}

it.each<[string, string | undefined, object]>([
  ['a=1&b=2&a=3', FORM, { a: ['1', '3'], b: '2' }],
  ['a=%C3%A9+x', `${FORM}; charset=UTF-8`, { a: 'é x' }],
  ['a=1', 'Application/X-WWW-Form-Urlencoded', { a: '1' }],
  ['a=1\n', undefined, { a: '1' }],
  [' {"a":1}', undefined, { a: '1' }],
  ['a=1', 'text/plain', { a: '1' }],
  [
    '{"a":"x","b":[1,"y"],"c":-1.5,"__proto__":"z"}',
    'application/json',
    { a: 'x', b: ['1', 'y'], c: '-1.5' },
  ],
  ['', 'application/json', {}],
  ['', undefined, {}],
])('%j as %j is read', async (body, type, params) => {
  const found = await read(body, type);
  expect(found).toMatchObject(params);
  expect(Object.getPrototypeOf(found)).toBeNull();
});

it.each<[string | Buffer, string, string]>([
  ['a=1', 'text/html', 'Content-Type must be one of'],
  ['a=1', `${FORM}; charset=latin1`, 'charset must be UTF-8'],
  ['[1]', 'application/json', 'body: expected a JSON object'],
  ['null', 'application/json', 'body: expected a JSON object'],
  ['{"a":', 'application/json', 'body: is not valid JSON'],
  ['{"a":NaN}', 'application/json', 'body: is not valid JSON'],
  ['{"a":null}', 'application/json', 'a: expected a string, a number or a list'],
  ['{"a":true}', 'application/json', 'a: expected a string'],
  ['{"a":{}}', 'application/json', 'a: expected a string'],
  ['{"a":[[1]]}', 'application/json', 'a: expected a string'],
  ['{"a":1152921504606846977}', 'application/json', 'a: expected a string'],
  ['{"a":1e400}', 'application/json', 'a: expected a string'],
  ['{"a":"\\u0000"}', 'application/json', 'a: NUL'],
  ['{"a\\ud800":"x"}', 'application/json', 'body: unpaired'],
  [Buffer.from([0x61, 0x3d, 0xff]), FORM, 'body: is not valid UTF-8'],
  ['a=%FF', FORM, 'a: is not valid UTF-8'],
  ['a=%00', FORM, 'a: NUL'],
  ['a=1', 'multipart/form-data', ''],
])('%j as %j is refused', async (body, type, why) => {
  await expect(read(body, type)).rejects.toThrow(why);
});

it('more than two mebibytes are too large', async () => {
  await expect(read(`a=${'x'.repeat(2 * 1024 * 1024)}`, FORM)).rejects.toMatchObject({ kind: 'too_large' });
});

it('a multipart form has its fields, and a name twice has both', async () => {
  expect(
    await multipart([
      ['name="a"', '1'],
      ['name="b c"', 'é'],
      ['name="a"', ''],
    ]),
  ).toMatchObject({
    a: ['1', ''],
    'b c': 'é',
  });
});
