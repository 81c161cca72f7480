import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
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
    const server = createHttpServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const socket = net.connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
      socket.end('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const answer = await text(socket);
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
      expect(answer.endsWith('late')).toBe(true);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
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
