import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseDestination } from '@spiderhub/core';
import { gateOf } from '../gate.ts';
import { createEgress, type Egress } from './egress.ts';
import { createResolve, type Resolve } from './resolve.ts';

let folder: string;
let socketPath: string;
let allowed: string[];
let resolve: Resolve;
let egress: Egress;
let site: Server;
let port: number;
let hits: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'egress-'));
  socketPath = join(folder, 'proxy.sock');
  hits = [];
  site = createServer((message, response) => {
    hits.push(`${message.method} ${message.url} ${message.headers.host}`);
    response.setHeader('X-Seen', JSON.stringify(message.rawHeaders));
    message.pipe(response);
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  port = (site.address() as AddressInfo).port;
  allowed = [`127.0.0.1:${port}`];
  resolve = createResolve();
  const policy = () => ({
    everyone: allowed.map((one) => parseDestination('allow', one)),
    resolvers: [],
    projects: new Map(),
  });
  egress = createEgress({ gate: () => gateOf(policy(), 7), resolve: (host) => resolve(host) });
  await egress.listen(socketPath);
});

afterEach(async () => {
  await egress.close();
  site.closeAllConnections();
  site.close();
  rmSync(folder, { recursive: true });
});

async function ask(url: string, { method = 'GET', body = '', headers = {} } = {}) {
  const sent = request({ socketPath, path: url, method, headers: { Host: new URL(url).host, ...headers } });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
}

/** The tunnel, or what was answered instead. */
async function tunnelTo(target: string): Promise<{ status: number; socket: Socket; words: string }> {
  const sent = request({ socketPath, method: 'CONNECT', path: target }).end();
  const [answer, socket, head] = (await Promise.race([
    once(sent, 'connect'),
    once(sent, 'response').then(async ([refusal]) => [refusal, null, await text(refusal)]),
  ])) as [{ statusCode: number }, Socket, Buffer];
  return { status: answer.statusCode, socket, words: String(head) };
}

it('hands requests and answers on as they are, with the path and the body, but not what is meant for a proxy', async () => {
  const url = `http://127.0.0.1:${port}/a%20b?c=d&c=e`;
  const headers = { 'Proxy-Authorization': 'Basic secret', 'X-Odd': 'one', 'Content-Length': 5 };
  const answer = await ask(url, { method: 'POST', body: 'hello', headers });
  expect(answer).toMatchObject({ status: 200, text: 'hello' });
  expect(hits).toEqual([`POST /a%20b?c=d&c=e 127.0.0.1:${port}`]);
  const seen = JSON.parse(answer.headers['x-seen']) as string[];
  expect(seen).toContain('X-Odd');
  expect(seen.join()).not.toMatch(/proxy|secret/i);
});

it('keeps the two ends of a tunnel in step: a slow reader makes the sender wait, nothing is lost', async () => {
  const many = Buffer.alloc(8 * 2 ** 20, 'x');
  let unsent = 0;
  const source = createTcpServer((socket) => {
    socket.end(many);
    unsent = socket.writableLength;
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(source, 'listening');
  const { port: other } = source.address() as AddressInfo;
  allowed.push(`127.0.0.1:${other}`);
  const { socket, words } = await tunnelTo(`127.0.0.1:${other}`);
  expect(unsent).toBeGreaterThan(0);
  expect(words.length + (await text(socket)).length).toBe(many.length);
  source.close();
});

it('lets each direction of a tunnel end by itself', async () => {
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket
      .on('data', (data) => socket.write(`got ${String(data)}`))
      .on('end', () => socket.end(' and the end'));
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port: other } = echo.address() as AddressInfo;
  allowed.push(`127.0.0.1:${other}`);
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  socket.end(`CONNECT 127.0.0.1:${other} HTTP/1.1\r\nHost: x\r\n\r\nping`);
  expect(await text(socket)).toMatch(/200 [\s\S]*\r\n\r\ngot ping and the end$/);
  echo.close();
});

it.each([
  '127.0.0.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '0',
  'localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '10.77.0.10',
  '169.254.169.254',
])('refuses %s in both ways, and says why', async (host) => {
  allowed = [];
  const plain = await raw(`GET http://${host}:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const tunnel = await raw(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (const answer of [plain, tunnel])
    expect(answer).toMatch(/^HTTP\/1.1 (403 Forbidden[\s\S]*is not public|502 [\s\S]*no address was found)/);
  expect(hits).toEqual([]);
});

async function raw(bytes: string): Promise<string> {
  const socket = connect(socketPath);
  socket.write(bytes);
  return text(socket);
}

it('connects to the address that it checked, whatever the name leads to a moment later', async () => {
  const answers = [['127.0.0.1'], ['10.77.0.10']];
  let asked = 0;
  resolve = async () => answers[asked++] ?? ['10.77.0.10'];
  expect((await ask(`http://rebinding.test:${port}/`)).status).toBe(200);
  expect((await ask(`http://rebinding.test:${port}/`)).status).toBe(403);
  expect(asked).toBe(2);
});

it('uses of several addresses only those that may be', async () => {
  resolve = async () => ['169.254.169.254', '10.77.0.10', '127.0.0.1'];
  expect((await ask(`http://both.test:${port}/x`)).status).toBe(200);
  expect(hits).toEqual([`GET /x both.test:${port}`]);
});

it('cuts a tunnel that may not be any more, and no other', async () => {
  const quiet = createTcpServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(quiet, 'listening');
  const { port: other } = quiet.address() as AddressInfo;
  allowed.push(`127.0.0.1:${other}`);
  const [cut, stays] = await Promise.all([tunnelTo(`127.0.0.1:${other}`), tunnelTo(`127.0.0.1:${port}`)]);
  allowed = [`127.0.0.1:${port}`];
  cut.socket.on('error', () => {});
  const closed = once(cut.socket, 'close');
  egress.recheck();
  await closed;
  stays.socket.write('GET /still HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(await text(stays.socket)).toContain('200 OK');
  quiet.close();
});

it.each([
  'GET / HTTP/1.1',
  'GET https://x.test/ HTTP/1.1',
  'CONNECT x.test HTTP/1.1',
  'CONNECT x:99999 HTTP/1.1',
])('answers %j, which is no request for a proxy, with 400', async (line) => {
  expect(await raw(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 400/);
});

it('answers for a host that does not answer with 502', async () => {
  site.close();
  site.closeAllConnections();
  expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 502 });
  expect(await tunnelTo(`127.0.0.1:${port}`)).toMatchObject({ status: 502 });
});
