import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Principal } from '@spiderhub/core';
import express, { type Express } from 'express';
import { requireKey } from './auth.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import { requestId } from './request-id.ts';
import { createHttpServer } from './server.ts';

describe('createHttpServer', () => {
  it("gives each request and response Express's prototypes at birth, and serves with them", async () => {
    const app = express();
    const seen: unknown[] = [];
    // Before Express touches them.
    const server = createHttpServer(app);
    server.prependListener('request', (req, res) => {
      seen.push(Object.getPrototypeOf(req) === app.request, Object.getPrototypeOf(res) === app.response);
      seen.push(req instanceof http.IncomingMessage, res instanceof http.ServerResponse);
    });
    app.get('/x', (req, res) => void res.json({ host: req.hostname, agent: req.get('user-agent') ?? null }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${port}/x`, { headers: { 'user-agent': 'test' } });
      expect(await answer.json()).toEqual({ host: '127.0.0.1', agent: 'test' });
      expect(seen).toEqual([true, true, true, true]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('answers a client that ends its side after the request', async () => {
    const app = express();
    app.get('/x', (req, res) => {
      // The end of the client's side is seen before the answer, as it is when the database is asked in between.
      req.socket.once('end', () => setImmediate(() => res.send('late')));
    });
    const answer = await answerTo(app, 'GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer.endsWith('late')).toBe(true);
  });

  it('is heard by a client that looks for an answer when it has sent all, and closes its connections', async () => {
    const app = express();
    app.post('/x', (_req, res) => void res.status(413).json({ message: 'too much' }));
    const server = createHttpServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const size = 8_000_000;
    try {
      for (let n = 0; n < 5; n += 1) {
        const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
        let answer = '';
        socket.setEncoding('latin1').on('data', (piece) => {
          answer += piece;
        });
        const errors: Error[] = [];
        socket.on('error', (error) => errors.push(error));
        const over = new Promise((resolve) => socket.once('close', resolve));
        socket.write(`POST /x HTTP/1.0\r\nContent-Length: ${size}\r\n\r\n`);
        socket.pause();
        socket.write(Buffer.alloc(size, 'x'), () => socket.resume());
        await over;
        expect(errors).toEqual([]);
        expect(answer).toMatch(/^HTTP\/1.1 413 .*\r\n\r\n\{"message":"too much"\}$/s);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('begins with a request when those before it on its connection are answered', async () => {
    const app = express();
    const seen: string[] = [];
    app.post('/:name', async (req, res) => {
      seen.push(`begin ${req.params.name} ${await text(req)}`);
      setImmediate(() => {
        seen.push(`end ${req.params.name}`);
        res.send(req.params.name);
      });
    });
    const requests = ['a', 'b', 'c', 'd']
      .map((name) => `POST /${name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n-${name}`)
      .join('');
    const half = requests.indexOf('-c') + 1;
    const answers = await answerTo(app, requests.slice(0, half), requests.slice(half));
    expect(answers.match(/\r\n\r\n\w/g)?.map((end) => end.trim())).toEqual(['a', 'b', 'c', 'd']);
    expect(seen).toEqual(['a', 'b', 'c', 'd'].flatMap((name) => [`begin ${name} -${name}`, `end ${name}`]));
  });

  it.each([
    ['is no HTTP', 'hello\r\n\r\n', '400 Bad Request'],
    [
      'has an endless address',
      `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n`,
      '431 Request Header Fields Too Large',
    ],
    ['ends too early', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na', '400 Bad Request'],
  ])('answers what %s with JSON', async (_, request, line) => {
    const [head = '', body = ''] = (
      await answerTo(
        express().use(() => {}),
        request,
      )
    ).split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual([
      `HTTP/1.1 ${line}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
    ]);
    expect(JSON.parse(body)).toEqual({ status: 'error', message: expect.any(String) });
  });

  it('puts nothing into an answer that has begun', async () => {
    const app = express().use((_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 }).write('begun');
    });
    const answer = await answerTo(app, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'hello\r\n\r\n');
    expect(answer.endsWith('begun')).toBe(true);
  });

  it('reads the address of a list of three thousand jobs', async () => {
    const app = express().get('/x', (req, res) => void res.send(`${req.url.length}`));
    const path = `/x?${Array.from({ length: 3000 }, (_, i) => `job=1%2F1%2F${i + 1}`).join('&')}`;
    const answer = await answerTo(app, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(answer.endsWith(`\r\n\r\n${path.length}`)).toBe(true);
  });

  it('does not wait for ever for headers, bodies and the next request', () => {
    const server = createHttpServer(express(), {
      headersTimeoutMs: 1,
      requestTimeoutMs: 2,
      keepAliveTimeoutMs: 3,
    });
    expect([server.headersTimeout, server.requestTimeout, server.keepAliveTimeout]).toEqual([1, 2, 3]);
    const usual = createHttpServer(express());
    // An upload of 50 MiB at 1 Mbit/s takes 420 seconds.
    expect(usual.requestTimeout).toBeGreaterThan(420_000);
    expect(usual.headersTimeout).toBeLessThanOrEqual(60_000);
  });
});

/**
 * What the shapes of `server.ts` rest on is nobody's promise. When an update of Express, passport or Node breaks it,
 * requests cost more than twice as much and nothing else tells.
 */
describe('what Express and passport do to a request', () => {
  /** The properties that a request and its response got after their birth, and whether their prototypes changed. */
  async function changesIn(toServer: (app: Express) => http.Server) {
    const app = express();
    const atBirth = new Map<object, { names: Set<string>; prototype: unknown }>();
    const changes: { added: string[]; hasNewPrototype: boolean }[] = [];
    app.use(requestId, requireKey({ realm: 'x', verify: async () => WHO, doorkeeper: everybody }));
    app.get('/x', (req, res) => {
      for (const one of [req, res]) {
        const born = atBirth.get(one);
        changes.push({
          added: Object.keys(one).filter((name) => !born?.names.has(name)),
          hasNewPrototype: Object.getPrototypeOf(one) !== born?.prototype,
        });
      }
      res.end('x');
    });
    const server = toServer(app);
    server.prependListener('request', (req, res) => {
      for (const one of [req, res]) {
        atBirth.set(one, { names: new Set(Object.keys(one)), prototype: Object.getPrototypeOf(one) });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const headers = { authorization: `Basic ${Buffer.from('key:').toString('base64')}` };
      await (await fetch(`http://127.0.0.1:${port}/x`, { headers })).text();
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    return changes;
  }

  it('is nothing any more: it was born with all that they add', async () => {
    const unchanged = { added: [], hasNewPrototype: false };
    expect(await changesIn((app) => createHttpServer(app))).toEqual([unchanged, unchanged]);
  });

  it("is a new prototype and more properties for a plain server's, which is why ours exists", async () => {
    const [request, response] = await changesIn((app) => http.createServer(app));
    expect([request?.hasNewPrototype, response?.hasNewPrototype]).toEqual([true, true]);
    expect(request?.added).toEqual(expect.arrayContaining(['res', 'next', 'baseUrl', 'params', 'user']));
  });
});

const WHO: Principal = {
  name: 'somebody',
  user: null,
  shown: null,
  projects: new Map(),
  staff: false,
  organisations: new Map(),
};
const everybody: Doorkeeper = { check: async () => WHO };

/** All that comes back for these bytes, and more of them once an answer has begun, and the end of the client's side. */
async function answerTo(app: Express, request: string, more?: string): Promise<string> {
  const server = createHttpServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const socket = net.connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
    if (more === undefined) socket.end(request);
    else socket.once('data', () => socket.end(more)).write(request);
    return await text(socket);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
