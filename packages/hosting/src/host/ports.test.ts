import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { choosePort, chooseScrapydPort, localUrl } from './ports.ts';

const HOST = '127.0.0.1';
let taken: Server;
let port: number;

beforeAll(async () => {
  taken = createServer().listen(0, HOST);
  await once(taken, 'listening');
  const address = taken.address();
  port = typeof address === 'object' && address ? address.port : 0;
});

afterAll(() => new Promise((resolve) => taken.close(resolve)));

it('says in one sentence that a port is taken and how to choose another', async () => {
  await expect(choosePort(HOST, port)).rejects.toThrow(
    `Port ${port} is taken by another program: stop it, or choose`,
  );
});

it('finds a free port for 0', async () => {
  expect(await choosePort(HOST, 0)).toBeGreaterThan(0);
});

it('goes without a port for Scrapyd when none is wanted or it is taken', async () => {
  expect(await chooseScrapydPort(HOST, port)).toBe(0);
  expect(await chooseScrapydPort(HOST, 0)).toBe(0);
});

it('names an address that is not of this machine', async () => {
  await expect(choosePort('203.0.113.1', 0)).rejects.toThrow('Cannot listen on 203.0.113.1');
});

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8000'],
  ['0.0.0.0', 'http://127.0.0.1:8000'],
  ['::', 'http://[::1]:8000'],
  ['::1', 'http://[::1]:8000'],
  ['hub.local', 'http://hub.local:8000'],
])('reaches a server that listens on %s at %s', (host, url) => {
  expect(localUrl(host, 8000)).toBe(url);
});
