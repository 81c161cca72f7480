import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import { gathered, sendPieces } from './stream.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

/** Serves `pieces` and gives the address, and what sending them ended with. */
async function serve(pieces: () => AsyncIterable<string | Buffer>) {
  let settle: (ended: { error?: unknown }) => void;
  const ended = new Promise<{ error?: unknown }>((resolve) => {
    settle = resolve;
  });
  server = createServer((req, res) => {
    sendPieces(req as Request, res as unknown as Response, { 'X-Kind': 'test' }, pieces())
      .then(() => settle({}))
      .catch((error) => {
        settle({ error });
        if (!res.headersSent) res.writeHead(500).end();
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ended };
}

describe('pieces of an answer', () => {
  it('come whole and in order, behind the headers', async () => {
    const { url } = await serve(async function* () {
      yield 'a';
      yield Buffer.from('ż');
      yield 'c';
    });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('x-kind'), await answer.text()]).toEqual([200, 'test', 'ażc']);
  });

  it('may be none', async () => {
    const { url } = await serve(async function* () {});
    expect(await (await fetch(url)).text()).toBe('');
  });

  it('that fail before the first one leave room for an answer of their own', async () => {
    const { url, ended } = await serve(async function* () {
      if (url !== '') throw new Error('early');
      yield 'never';
    });
    expect((await fetch(url)).status).toBe(500);
    expect(await ended).toMatchObject({ error: { message: 'early' } });
  });

  it('that fail later cut the connection, so that nobody takes the rest for the whole', async () => {
    const { url } = await serve(async function* () {
      yield 'a beginning';
      throw new Error('late');
    });
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  });

  it('are not asked for beyond the first one when only the head is wanted, and their source is ended', async () => {
    let isEnded = false;
    const { url } = await serve(async function* () {
      try {
        yield 'first';
        throw new Error('nobody asked');
      } finally {
        isEnded = true;
      }
    });
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('x-kind'), isEnded]).toEqual([200, 'test', true]);
  });

  it('end at their source when the reader goes away', async () => {
    let isEnded = false;
    const { url, ended } = await serve(async function* () {
      try {
        for (;;) yield Buffer.alloc(256 * 1024);
      } finally {
        isEnded = true;
      }
    });
    const asking = request(url, (incoming) => incoming.once('data', () => asking.destroy()));
    asking.on('error', () => {}).end();
    expect(await ended).toMatchObject({ error: { code: 'ERR_STREAM_PREMATURE_CLOSE' } });
    expect(isEnded).toBe(true);
  });
});

describe('gathered pieces', () => {
  async function* pieces(...sizes: number[]): AsyncGenerator<string> {
    for (const size of sizes) yield 'x'.repeat(size);
  }
  async function sizes(source: AsyncIterable<Buffer>): Promise<number[]> {
    const found: number[] = [];
    for await (const piece of source) found.push(piece.length);
    return found;
  }

  it('are few and large; what is large already stays as it is', async () => {
    expect(await sizes(gathered(pieces(...Array(100).fill(1000))))).toEqual([66_000, 34_000]);
    expect(await sizes(gathered(pieces(70_000, 70_000, 1)))).toEqual([70_000, 70_000, 1]);
    expect(await sizes(gathered(pieces(1, 70_000)))).toEqual([70_001]);
    expect(await sizes(gathered(pieces()))).toEqual([]);
  });

  it('are the same bytes in UTF-8 and, for ASCII, in Latin-1', async () => {
    const all = async (encoding: 'utf8' | 'latin1', text: string) => {
      const found: Buffer[] = [];
      async function* one() {
        yield text;
      }
      for await (const piece of gathered(one(), encoding)) found.push(piece);
      return Buffer.concat(found).toString();
    };
    expect(await all('utf8', 'żółw')).toBe('żółw');
    expect(await all('latin1', 'plain')).toBe('plain');
  });
});
