import { existsSync, readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { eventually } from '@spiderhub/testkit';
import { MAX_EGG_BYTES } from '../../../apps/api/src/http/upload.ts';
import { EGG, PASSWORD, type ScrapydUnderTest, startScrapydDialect } from './support.ts';

let scrapyd: ScrapydUnderTest;
beforeAll(async () => {
  scrapyd = await startScrapydDialect();
});
afterEach(async () => {
  await eventually(() => expect(uploads()).toEqual([]));
});
afterAll(() => scrapyd.close());

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=B';

function uploads(): string[] {
  return existsSync(scrapyd.uploadDir) ? readdirSync(scrapyd.uploadDir) : [];
}

/** A ZIP file to Scrapyd's mind. */
function eggOf(bytes: number): Buffer {
  return Buffer.concat([Buffer.alloc(bytes - EGG.length, 0x5c), EGG]);
}

/** Each byte as three, like the clients that need the most room. */
function urlencoded(egg: Buffer): Buffer {
  const head = Buffer.from('project=shop&version=1&egg=');
  const body = Buffer.alloc(head.length + egg.length * 3, '%');
  head.copy(body);
  const digits = Buffer.from('0123456789ABCDEF');
  let at = head.length;
  for (const byte of egg) {
    body[at + 1] = digits[byte >> 4] as number;
    body[at + 2] = digits[byte & 15] as number;
    at += 3;
  }
  return body;
}

function multipart(egg: Buffer): Buffer {
  const head = (name: string) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`;
  const text = `${head('project')}shop\r\n${head('version')}1\r\n${head('egg')}`;
  return Buffer.concat([Buffer.from(text), egg, Buffer.from('\r\n--B--\r\n')]);
}

const send = (type: string, body: Buffer, headers: Record<string, string> = {}) =>
  scrapyd
    .post('addversion', '')
    .set({ 'content-type': type, ...headers })
    .serialize((value) => value)
    .send(body as unknown as string);

const GZIP = { 'content-encoding': 'gzip' };
const FORMS: [string, string, (egg: Buffer) => Buffer, Record<string, string>][] = [
  ['multipart', MULTIPART, multipart, {}],
  ['multipart with gzip', MULTIPART, (egg) => gzipSync(multipart(egg), { level: 1 }), GZIP],
  ['urlencoded', FORM, urlencoded, {}],
  ['urlencoded with gzip', FORM, (egg) => gzipSync(urlencoded(egg), { level: 1 }), GZIP],
];

it.each(FORMS)('takes any bytes for an egg, %s', async (_what, type, bodyOf, headers) => {
  const every = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) & 255));
  const egg = Buffer.concat([every, Buffer.from('\r\n--\r\n%4&=;+'), EGG]);
  const { body } = await send(type, bodyOf(egg), headers);
  expect(body).toMatchObject({ status: 'ok', project: 'shop' });
  expect(scrapyd.eggs.last.equals(egg)).toBe(true);
});

// The other two are as large on their way, and take their time in a test.
it.each([FORMS[0], FORMS[3]] as typeof FORMS)(
  'takes an egg of 50 MiB and not a byte more, %s',
  async (_what, type, bodyOf, headers) => {
    const largest = await send(type, bodyOf(eggOf(MAX_EGG_BYTES)), headers);
    expect(largest.body).toMatchObject({ status: 'ok' });
    expect(scrapyd.eggs.last).toHaveLength(MAX_EGG_BYTES);
    const larger = await send(type, bodyOf(eggOf(MAX_EGG_BYTES + 1)), headers);
    expect(larger.status).toBe(413);
    expect(larger.body).toMatchObject({
      status: 'error',
      message: `egg: is larger than ${MAX_EGG_BYTES} bytes`,
      node_name: expect.any(String),
    });
  },
);

it.each<[string, Buffer, Record<string, string>]>([
  ['a form that could not hold an egg of that size', Buffer.alloc(152 * 1024 * 1024, 'x'), {}],
  ['one that gzip makes of a short body', gzipSync(Buffer.alloc(190 * 1024 * 1024, 'x')), GZIP],
  ['much beside the egg', Buffer.from(`egg=x&a=${'a'.repeat(2 * 1024 * 1024)}`), {}],
  ['a million parameters', Buffer.from('a=&'.repeat(1_000_000)), {}],
  ['a million eggs', Buffer.from('egg=&'.repeat(1_000_000)), {}],
])('refuses %s', async (_what, body, headers) => {
  const answer = await send(FORM, Buffer.concat([body]), headers).catch((error) => error.code);
  // Whoever goes on sending after the answer may find the connection closed before reading it.
  if (answer !== 'ECONNRESET' && answer !== 'EPIPE') {
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ status: 'error', node_name: expect.any(String) });
  }
  expect((await scrapyd.get('/daemonstatus.json')).status).toBe(200);
});

it.each([
  ['broken', Buffer.from('no gzip')],
  ['cut', gzipSync(urlencoded(eggOf(10_000))).subarray(0, 40)],
])('says so when gzip is %s', async (_what, body) => {
  const answer = await send(FORM, body, GZIP);
  expect(answer.body).toMatchObject({ status: 'error', message: 'body: is not valid gzip' });
});

it.each([
  ['multipart', MULTIPART, multipart],
  ['urlencoded', FORM, urlencoded],
])(
  'puts an egg on disk as it comes, %s, and away again when its sender is gone',
  async (_what, type, bodyOf) => {
    const body = bodyOf(eggOf(6_000_000));
    const { port } = scrapyd.server.address() as AddressInfo;
    const sending = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/addversion.json',
      auth: `ann:${PASSWORD}`,
      headers: { 'content-type': type, 'content-length': body.length },
    });
    sending.on('error', () => {});
    sending.write(body.subarray(0, body.length / 2));
    await eventually(() => {
      const [name = ''] = uploads();
      expect(statSync(join(scrapyd.uploadDir, name, 'project.egg')).size).toBeGreaterThan(2_900_000);
    });
    sending.destroy();
    await eventually(() => expect(uploads()).toEqual([]));
    await scrapyd.get('/daemonstatus.json');
    expect(scrapyd.logs.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  },
);
