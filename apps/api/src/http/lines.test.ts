import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Request } from 'express';
import { gatherLines, readLines } from './lines.ts';

const LIMITS = { maxLineBytes: 20, maxBytes: 1000 };

function request(chunks: Buffer[], encoding?: string): Request {
  const headers = encoding === undefined ? {} : { 'content-encoding': encoding };
  return Object.assign(Readable.from(chunks, { objectMode: false }), { headers }) as unknown as Request;
}

async function read(req: Request, limits = LIMITS): Promise<string[]> {
  const lines: string[] = [];
  for await (const piece of readLines(req, limits)) lines.push(...piece.map((line) => line.toString()));
  return lines;
}

function pieces(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

describe('lines of a body', () => {
  it.each([1, 2, 3, 7, 1000])('are whole when it comes in pieces of %i bytes', async (size) => {
    const text = '{"a":1}\n\n  {"ż":"ó"} \r\n[1]\n   \n{"last":0}';
    expect(await read(request(pieces(text, size)))).toEqual(['{"a":1}', '{"ż":"ó"}', '[1]', '{"last":0}']);
  });

  it.each(['', '\n', '\n \n'])('are none in %j', async (text) => {
    expect(await read(request([Buffer.from(text)]))).toEqual([]);
  });

  it.each([[[]], [[gzipSync('')]]])('are none in an empty body that is said to be gzip', async (body) => {
    expect(await read(request(body, 'gzip'))).toEqual([]);
  });

  it('are inflated, members one after the other, too', async () => {
    const body = Buffer.concat([gzipSync('{"a":1}\n{"b'), gzipSync('":2}\n')]);
    expect(await read(request([body], 'GZIP'))).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('may be as long as the limit and no longer', async () => {
    expect(await read(request([Buffer.from(`  ${'x'.repeat(20)}  \n`)]))).toEqual(['x'.repeat(20)]);
    await expect(read(request([Buffer.from(`${'x'.repeat(21)}\n`)]))).rejects.toMatchObject({
      kind: 'too_large',
    });
    await expect(read(request(pieces('x'.repeat(900), 10)))).rejects.toMatchObject({ kind: 'too_large' });
  });

  it('are counted after inflating, so that a small body cannot become a large one', async () => {
    const bomb = gzipSync('{}\n'.repeat(100_000));
    expect(bomb.length).toBeLessThan(1000);
    await expect(read(request([bomb], 'gzip'))).rejects.toMatchObject({ kind: 'too_large' });
  });

  it.each([
    ['cut off', gzipSync('{"a":1}\n').subarray(0, 20)],
    ['one byte', gzipSync('{"a":1}\n').subarray(0, 1)],
    ['no gzip', Buffer.from('{"a":1}\n')],
  ])('are refused when the gzip is %s', async (_why, body) => {
    await expect(read(request([body], 'gzip'))).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('are refused in other encodings', async () => {
    await expect(read(request([Buffer.from('x')], 'br'))).rejects.toMatchObject({ status: 415 });
  });

  it('read the body to its end even when their reader stops', async () => {
    const req = request(pieces('{}\n'.repeat(300), 30));
    for await (const _ of readLines(req, LIMITS)) break;
    await new Promise((resolve) => req.once('end', resolve));
    expect(req.readableEnded).toBe(true);
  });
});

describe('gathered lines', () => {
  it('come in lists of bounded size, in order', async () => {
    const lists: string[][] = [];
    const lines = Readable.from(
      [['aaa', 'bbb'], ['cc'], ['dddddddddddd', 'e']].map((list) => list.map((one) => Buffer.from(one))),
    );
    for await (const list of gatherLines(lines, 8)) lists.push(list.map(String));
    expect(lists).toEqual([['aaa', 'bbb', 'cc'], ['dddddddddddd'], ['e']]);
  });
});
