import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { bodyPieces, readBody } from './body.ts';
import type { Incoming } from './incoming.ts';

function request(chunks: Buffer[], headers: Record<string, string> = {}): Incoming {
  return Object.assign(Readable.from(chunks, { objectMode: false }), { headers }) as Incoming;
}

async function gathered(req: Incoming, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bodyPieces(req, maxBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const TEXT = 'a=1&b=2';
const ZIPPED = gzipSync(TEXT);
const EMPTY_MEMBER = gzipSync('');

// Both ways to read a body are one reader to their callers: they take and refuse the same.
describe.each([
  ['as a whole', readBody],
  ['in pieces', gathered],
])('a body %s', (_how, read) => {
  it.each([
    [undefined, Buffer.from(TEXT)],
    ['', Buffer.from(TEXT)],
    ['identity', Buffer.from(TEXT)],
    ['gzip', ZIPPED],
    ['x-gzip', ZIPPED],
    [' X-GZip ', ZIPPED],
  ])('is read when its encoding is %j', async (encoding, bytes) => {
    const headers: Record<string, string> = encoding === undefined ? {} : { 'content-encoding': encoding };
    expect((await read(request([bytes], headers), 100)).toString()).toBe(TEXT);
  });

  it('may come in any pieces', async () => {
    const single = [...ZIPPED].map((byte) => Buffer.from([byte]));
    expect((await read(request(single, { 'content-encoding': 'gzip' }), 100)).toString()).toBe(TEXT);
    const plain = [...Buffer.from(TEXT)].map((byte) => Buffer.from([byte]));
    expect((await read(request(plain), 100)).toString()).toBe(TEXT);
  });

  it.each([[[]], [[gzipSync('')]]])('may be empty, said to be gzip or not', async (chunks) => {
    expect(await read(request(chunks, { 'content-encoding': 'gzip' }), 100)).toHaveLength(0);
    expect(await read(request([]), 100)).toHaveLength(0);
  });

  it.each(['br', 'deflate', 'gzip, gzip'])('is refused in the encoding %j', async (encoding) => {
    const req = request([Buffer.from(TEXT)], { 'content-encoding': encoding });
    await expect(read(req, 100)).rejects.toMatchObject({ status: 415 });
  });

  it.each([
    ['cut off', ZIPPED.subarray(0, ZIPPED.length - 3)],
    ['one byte', ZIPPED.subarray(0, 1)],
    ['no gzip', Buffer.from(TEXT)],
  ])('is refused when its gzip is %s', async (_why, bytes) => {
    const req = request([bytes], { 'content-encoding': 'gzip' });
    await expect(read(req, 100)).rejects.toMatchObject({
      kind: 'invalid',
      message: 'body: is not valid gzip',
    });
  });

  it('may be as large as the limit and no larger', async () => {
    expect(await read(request([Buffer.alloc(60), Buffer.alloc(40)]), 100)).toHaveLength(100);
    await expect(read(request([Buffer.alloc(60), Buffer.alloc(41)]), 100)).rejects.toMatchObject({
      kind: 'too_large',
      message: 'the body is larger than 100 bytes',
    });
  });

  it('is limited after its encoding, and before it', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000));
    const members = Buffer.concat(Array.from({ length: 50 }, () => EMPTY_MEMBER));
    for (const bytes of [bomb, members]) {
      const req = request([bytes], { 'content-encoding': 'gzip' });
      await expect(read(req, 500)).rejects.toMatchObject({ kind: 'too_large' });
    }
  });

  it('is refused at once when its length says that it is too large, and still read to its end', async () => {
    const req = request([Buffer.alloc(60), Buffer.alloc(41)], { 'content-length': '101' });
    await expect(read(req, 100)).rejects.toMatchObject({ kind: 'too_large' });
    await new Promise((resolve) => req.once('end', resolve));
    expect(req.readableEnded).toBe(true);
  });

  it('that breaks off fails with what its sender did', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const req = request([], { 'content-encoding': encoding });
      const reading = read(req, 100);
      req.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
  });
});
