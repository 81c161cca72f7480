import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { DIALECTS } from '../dialects/registry.ts';
import { PAGE_SEGMENTS, webPage } from './pages.ts';

const SCRIPT = 'main-abc.js';
const HTML = { accept: 'text/html,*/*;q=0.8' };
let folder: string;
let server: Server;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'page-'));
  const app = express();
  app.use(webPage(folder));
  app.use((_req, res) => void res.status(404).json({ status: 'error' }));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function build(words: string): void {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'assets', SCRIPT), words);
  writeFileSync(join(folder, 'assets', `${SCRIPT}.gz`), gzipSync(words));
  writeFileSync(join(folder, 'assets', `${SCRIPT}.map`), 'not served');
  writeFileSync(join(folder, 'index.html'), `<title>${words}</title>`);
}

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers });

it('takes no first segment that a dialect or the service has', () => {
  const taken = [
    ...DIALECTS.map(({ base }) => base.slice(1)),
    ...DIALECTS.flatMap(({ atRoot = [] }) => atRoot),
    'healthz',
    'readyz',
    'demo',
    'assets',
  ];
  expect(PAGE_SEGMENTS.filter((segment) => taken.includes(segment))).toEqual([]);
});

it.each(['/', '/p/123/1/7', '/p/123/jobs?q=x', '/sign-in', '/email', '/forgotten', '/o/1/members'])(
  'shows browsers the page at %s, guarded',
  async (path) => {
    build('one');
    const answer = await get(path, HTML);
    expect([answer.status, await answer.text()]).toEqual([200, '<title>one</title>']);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  },
);

it.each([
  ['/', '*/*'],
  ['/', 'application/json'],
  ['/nowhere', 'text/html'],
  ['/assets/none.js', 'text/html'],
  [`/assets/${SCRIPT}.map`, '*/*'],
  ['/assets/..%2findex.html', '*/*'],
])('leaves %s for %s to others', async (path, accept) => {
  build('one');
  expect((await get(path, { accept })).status).toBe(404);
});

it('says that it is being built, and shows it as soon as it is', async () => {
  const before = await get('/', HTML);
  expect([before.status, before.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await before.text()).toContain('being built');
  build('one');
  expect(await (await get('/', HTML)).text()).toBe('<title>one</title>');
  build('two');
  utimesSync(join(folder, 'index.html'), 1, 1);
  expect(await (await get('/', HTML)).text()).toBe('<title>two</title>');
});

it('sends files that are kept for ever, compressed where that is understood', async () => {
  build('the same words');
  const plain = await get(`/assets/${SCRIPT}`, { 'accept-encoding': 'identity' });
  expect([await plain.text(), plain.headers.get('content-encoding')]).toEqual(['the same words', null]);
  expect(plain.headers.get('cache-control')).toContain('immutable');
  expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  const packed = await get(`/assets/${SCRIPT}`, { 'accept-encoding': 'gzip' });
  expect([await packed.text(), packed.headers.get('content-encoding')]).toEqual(['the same words', 'gzip']);
  const again = await get(`/assets/${SCRIPT}`, { 'if-none-match': plain.headers.get('etag') ?? '' });
  expect([again.status, await again.text()]).toEqual([304, '']);
});
