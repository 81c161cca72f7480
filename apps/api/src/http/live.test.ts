import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import { type LiveOutput, LiveReply, sseEvent, startLive } from './live.ts';

let server: Server | null = null;
afterEach(() => closed());

/** The server of this test has ended. */
async function closed(): Promise<void> {
  const ending = server;
  server = null;
  if (ending) await new Promise((done) => ending.close(done));
}

type Asked = { method?: string; isAllowed?: () => Promise<boolean> };

/** A server that answers with `follow`, and somebody who reads that. */
async function open(follow: (out: LiveOutput) => Promise<void>, { method, isAllowed }: Asked = {}) {
  const seen: { end?: () => void; left: number; error?: unknown } = { left: 0 };
  const listening = createServer((req, res) => {
    const options = {
      isAllowed: isAllowed ?? (async () => true),
      onError(error: unknown) {
        seen.error = error;
      },
      enter: (end: () => void) => {
        seen.end = end;
        return () => {
          seen.left += 1;
        };
      },
    };
    startLive(req as Request, res as Response, new LiveReply(follow), options);
  });
  server = listening;
  await once(listening.listen(0, '127.0.0.1'), 'listening');
  const { port } = listening.address() as AddressInfo;
  const [answer] = (await once(get({ port, host: '127.0.0.1', method: method ?? 'GET' }), 'response')) as [
    IncomingMessage,
  ];
  return { answer, seen };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  return text;
}

/** Sends nothing until the stream is over. */
const forEver = ({ signal }: LiveOutput) =>
  new Promise<void>((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)));

it.each<[string | null, unknown, string | undefined, string]>([
  ['jobs', { a: 1 }, '7', 'id: 7\nevent: jobs\ndata: {"a":1}\n\n'],
  [null, 'x\ny', undefined, 'data: "x\\ny"\n\n'],
])('an event %j of %j', (event, data, id, text) => {
  expect(sseEvent(event, data, id)).toBe(text);
});

it('sends what comes, then ends, and leaves its place', async () => {
  const { answer, seen } = await open((out) => out.send(sseEvent('a', 1)));
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
  });
  expect(await textOf(answer)).toBe('retry: 2000\n\nevent: a\ndata: 1\n\n');
  expect(seen).toMatchObject({ left: 1 });
});

it('answers HEAD without a body', async () => {
  const { answer } = await open(forEver, { method: 'HEAD' });
  expect(answer.headers['content-type']).toContain('event-stream');
  expect(await textOf(answer)).toBe('');
});

it('says good-bye when the server stops, and to whom may read no more', async () => {
  const { answer, seen } = await open(forEver);
  seen.end?.();
  expect(await textOf(answer)).toContain('event: bye\ndata: {"reason":"shutdown","retry":2000}');
  await closed();
  const revoked = await open(forEver, { isAllowed: async () => false });
  expect(await textOf(revoked.answer)).toContain('"reason":"revoked"');
  expect(revoked.seen.left).toBe(1);
});

it('goes on while it is not known whether one may', async () => {
  let looks = 0;
  const { answer, seen } = await open(forEver, {
    async isAllowed() {
      looks += 1;
      throw new Error('the database is away');
    },
  });
  while (looks < 3) await new Promise((done) => setTimeout(done, 20));
  expect(answer.complete).toBe(false);
  seen.end?.();
  expect(await textOf(answer)).toContain('shutdown');
});

it('waits for a reader that is slow, and loses nothing', async () => {
  const piece = 'x'.repeat(256 * 1024);
  let sent = 0;
  const { answer } = await open(async (out) => {
    for (; sent < 160; sent += 1) await out.send(piece);
  });
  answer.pause();
  await new Promise((done) => setTimeout(done, 300));
  expect(sent).toBeLessThan(160);
  expect((await textOf(answer)).length).toBe('retry: 2000\n\n'.length + 160 * piece.length);
});

it('ends what follows when the reader hangs up', async () => {
  let over: (() => void) | undefined;
  const isOver = new Promise<void>((done) => {
    over = done;
  });
  const { answer, seen } = await open((out) => forEver(out).finally(over));
  answer.destroy();
  await isOver;
  while (seen.left === 0) await new Promise((done) => setTimeout(done, 10));
  expect(seen).toEqual({ left: 1, end: expect.any(Function) });
});

it('a fault in what follows is told to whoever asked for it', async () => {
  const { answer, seen } = await open(() => Promise.reject(new Error('a bug')));
  await textOf(answer).catch(() => {});
  expect(seen).toMatchObject({ left: 1, error: new Error('a bug') });
});
