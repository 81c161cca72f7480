import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openWayToIndex, type WayToIndex } from './way-to-index.ts';

let folder: string;
let descriptor: number;
let way: WayToIndex | undefined;
const servers: Server[] = [];

beforeEach(() => {
  // Longer than a socket's address may be.
  folder = mkdtempSync(join(tmpdir(), `way-${'x'.repeat(100)}`));
  descriptor = openSync(folder, 'r');
});
afterEach(async () => {
  await way?.close();
  way = undefined;
  for (const server of servers.splice(0)) server.close();
  expect(readdirSync(folder)).toEqual([]);
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const site = (word: string) =>
  listening(
    createServer((message, response) => {
      response.end(`${word} ${message.url} ${message.headers['proxy-authorization'] ?? ''}`);
    }),
  );

async function open(env: Record<string, string>, names: Record<string, string[]> = {}): Promise<void> {
  const resolve = async (host: string) => {
    const found = names[host] ?? (/^[\d.]+$/.test(host) ? [host] : []);
    if (found.length === 0) throw new Error('unknown');
    return found;
  };
  way = await openWayToIndex({ folder, name: 'one.sock', env, files: [], resolve });
}

const shortPath = () => `/proc/self/fd/${descriptor}/one.sock`;

async function ask(url: string): Promise<string> {
  const sent = request({ socketPath: shortPath(), path: url, headers: { Host: new URL(url).host } }).end();
  const [answer] = await once(sent, 'response');
  return `${answer.statusCode} ${(await text(answer)).trim()}`;
}

async function tunnel(target: string, say: string): Promise<string> {
  const socket = connect(shortPath());
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const [first] = await once(socket, 'data');
  if (!String(first).includes(' 200 ')) return String(first).split('\r\n')[0] as string;
  socket.write(say);
  return `${first}${await text(socket)}`.split('\r\n\r\n').at(-1) as string;
}

it('leads to a private index by its configured name or address, and to nothing else that is not public', async () => {
  const [index, other] = [await site('index'), await site('other')];
  const places = {
    'index.corp': ['127.0.0.1'],
    'evil.example': ['127.0.0.1'],
    metadata: ['169.254.169.254'],
  };
  await open({ PIP_INDEX_URL: `http://index.corp:${index}/simple` }, places);
  expect(await ask(`http://index.corp:${index}/simple/a/`)).toBe('200 index /simple/a/');
  const get = 'GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  expect(await tunnel(`index.corp:${index}`, get)).toBe('index /x ');
  const refused = [
    `127.0.0.1:${index}`,
    `127.0.0.1:${other}`,
    `index.corp:${other}`,
    `evil.example:${index}`,
    'metadata:80',
  ];
  for (const target of refused) {
    expect(await ask(`http://${target}/`)).toMatch(/^403 .* is not public/);
    expect(await tunnel(target, get)).toBe('HTTP/1.1 403 Forbidden');
  }
});

it("says to the operator's proxy the host that was checked, and not what another reader takes for one", async () => {
  const asked: unknown[] = [];
  const proxy = createServer((message, response) => {
    asked.push(message.url);
    response.end();
  });
  proxy.on('connect', (message, socket) => {
    asked.push(message.url);
    socket.end('HTTP/1.1 200 OK\r\n\r\n');
  });
  const url = `http://127.0.0.1:${await listening(proxy)}`;
  await open({ http_proxy: url, https_proxy: url }, { 'public.example': ['203.0.113.7'] });
  const first = async (line: string) => {
    const socket = connect(shortPath());
    socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    return (await text(socket)).split('\r\n')[0];
  };
  await first('GET http://10.0.0.1@public.example:80/x');
  expect(asked.splice(0)).toEqual(['http://public.example/x']);
  expect(await first('GET http://public.example\\@10.0.0.1/x')).toBe('HTTP/1.1 400 Bad Request');
  for (const name of [
    'public.example\\@10.0.0.1',
    'public.example/@10.0.0.1',
    '10.0.0.1@public.example',
    'a?b',
  ])
    expect(await first(`CONNECT ${name}:443`)).toBe('HTTP/1.1 400 Bad Request');
  for (const name of ['10.0.0.1.', '0xa.1'])
    expect(await first(`CONNECT ${name}:443`)).toBe('HTTP/1.1 403 Forbidden');
  expect(asked).toEqual([]);
});

it("leads through the operator's proxy where there is one, and says its password there alone", async () => {
  const asked: string[] = [];
  const word = `Basic ${Buffer.from('me:word').toString('base64')}`;
  const proxy = createServer((message, response) => {
    asked.push(`${message.url} ${message.headers['proxy-authorization']}`);
    response.end('through');
  });
  proxy.on('connect', (message, socket) => {
    asked.push(`${message.url} ${message.headers['proxy-authorization']}`);
    socket.end('HTTP/1.1 200 OK\r\n\r\nhi\r\n\r\ntunnelled');
  });
  const port = await listening(proxy);
  const direct = await site('direct');
  const url = `http://me:word@127.0.0.1:${port}`;
  await open(
    {
      http_proxy: url,
      https_proxy: url,
      no_proxy: 'index.corp',
      PIP_INDEX_URL: `http://index.corp:${direct}/`,
    },
    { 'index.corp': ['127.0.0.1'], 'inside.corp': ['10.0.0.1'] },
  );
  // Nobody here knows this name, but the proxy may.
  expect(await ask('http://somewhere.example/a?b')).toBe('200 through');
  expect(await tunnel('somewhere.example:443', '')).toBe('tunnelled');
  expect(asked).toEqual([`http://somewhere.example/a?b ${word}`, `somewhere.example:443 ${word}`]);
  expect(await ask(`http://index.corp:${direct}/a`)).toBe('200 direct /a');
  for (const host of ['inside.corp', '10.0.0.1', '169.254.169.254', '127.0.0.1'])
    expect(await ask(`http://${host}/`)).toMatch(/^403/);
  expect(asked).toHaveLength(2);
  expect(way?.environment).toMatchObject({ https_proxy: 'http://127.0.0.1:3128' });
  expect(JSON.stringify(way?.environment)).not.toContain('word');
});
