import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Request } from 'express';
import { receiveUpload } from './upload.ts';

const LIMITS = { maxBytes: 5000, maxFileBytes: 1000, maxFiles: 2 };

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'uploads-'));
});
afterEach(() => rm(parent, { recursive: true }));

function request(body: Buffer, headers: Record<string, string> = {}): Request {
  const all = { 'content-type': 'multipart/form-data; boundary=x', ...headers };
  return Object.assign(Readable.from([body], { objectMode: false }), { headers: all }) as unknown as Request;
}

function part(disposition: string, content: Buffer | string): Buffer {
  return Buffer.concat([
    Buffer.from(`--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
}

const END = Buffer.from('--x--\r\n');
const EGG = Buffer.from([0, 1, 2, 0xff, 0x0d, 0x0a, 0x2d, 0x2d]);
const FORM = Buffer.concat([part('name="project"', '7'), part('name="egg"; filename="p.egg"', EGG), END]);

describe('an upload', () => {
  it.each([
    ['as it is', FORM, {}],
    ['as gzip', gzipSync(FORM), { 'content-encoding': 'gzip' }],
    ['as x-gzip', gzipSync(FORM), { 'content-encoding': 'x-gzip' }],
  ])('that comes %s is fields, and files on disk until they are removed', async (_how, body, headers) => {
    const upload = await receiveUpload(request(body, headers as Record<string, string>), parent, LIMITS);
    expect(upload.fields).toEqual({ project: '7' });
    expect(upload.files.map(({ field }) => field)).toEqual(['egg']);
    expect(await readFile(upload.files[0]?.path ?? '')).toEqual(EGG);
    await upload.remove();
    expect(await readdir(parent)).toEqual([]);
  });

  it.each([
    [
      'too large a file',
      Buffer.concat([part('name="egg"; filename="e"', Buffer.alloc(1001)), END]),
      {},
      'too_large',
    ],
    ['too large a body', Buffer.concat([part('name="a"', 'x'.repeat(5001)), END]), {}, 'too_large'],
    ['a length that is too large', FORM, { 'content-length': '5001' }, 'too_large'],
    [
      'too large a body once it is inflated',
      gzipSync(Buffer.alloc(100_000)),
      { 'content-encoding': 'gzip' },
      'too_large',
    ],
    [
      'too many files',
      Buffer.concat([...['a', 'b', 'c'].map((n) => part(`name="${n}"; filename="${n}"`, n)), END]),
      {},
      'invalid',
    ],
    ['a form that is cut off', FORM.subarray(0, FORM.length - 20), {}, 'invalid'],
    ['broken gzip', gzipSync(FORM).subarray(0, 40), { 'content-encoding': 'gzip' }, 'invalid'],
    ['a NUL character', Buffer.concat([part('name="a"', 'x\0y'), END]), {}, 'invalid'],
  ])('with %s is refused, and nothing is left of it', async (_what, body, headers, kind) => {
    const upload = receiveUpload(request(body, headers as Record<string, string>), parent, LIMITS);
    await expect(upload).rejects.toMatchObject({ kind });
    expect(await readdir(parent)).toEqual([]);
  });

  it.each([[{ 'content-type': 'application/json' }], [{ 'content-encoding': 'br' }]])(
    'of a kind that we do not read is refused as such: %j',
    async (headers) => {
      await expect(
        receiveUpload(request(FORM, headers as Record<string, string>), parent, LIMITS),
      ).rejects.toMatchObject({
        status: 415,
      });
      expect(await readdir(parent)).toEqual([]);
    },
  );

  it('whose sender goes away fails with what it did', async () => {
    async function* half() {
      yield FORM.subarray(0, FORM.length / 2);
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    const { headers } = request(FORM);
    const req = Object.assign(Readable.from(half(), { objectMode: false }), { headers });
    const upload = receiveUpload(req as unknown as Request, parent, LIMITS);
    await expect(upload).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await readdir(parent)).toEqual([]);
  });
});
