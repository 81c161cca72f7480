import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inherited } from '../environment.ts';
import { downloadPip } from './download-pip.ts';
import { findPythons, type Interpreter } from './find.ts';

const WHEEL = Buffer.from('a wheel, as far as this test is concerned');
const GOOD = createHash('sha256').update(WHEEL).digest('hex');

let server: Server;
let page: string;
let folder: string;
let python: Interpreter;

beforeAll(async () => {
  python = (await findPythons())[0] as Interpreter;
  server = createServer((request, response) => {
    response.end(request.url === '/files/pip-25.3-py3-none-any.whl' ? WHEEL : page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  Object.assign(inherited, { PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`, no_proxy: '127.0.0.1' });
  folder = mkdtempSync(join(tmpdir(), 'pip-'));
});

afterAll(async () => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function offer(sha256: string): void {
  page = `<a href="../../files/pip-25.3-py3-none-any.whl#sha256=${sha256}">pip</a>`;
}

it('keeps the wheel that the index offers', async () => {
  offer(GOOD);
  const path = await downloadPip(python, join(folder, 'good'));
  expect(readFileSync(path)).toEqual(WHEEL);
});

it('keeps nothing that is not what the index says', async () => {
  offer('0'.repeat(64));
  await expect(downloadPip(python, join(folder, 'bad'))).rejects.toThrow('arrived damaged');
  expect(existsSync(join(folder, 'bad', 'pip-25.3-py3-none-any.whl'))).toBe(false);
});

it('says which version an index does not have', async () => {
  page = '<a href="pip-1.0-py3-none-any.whl#sha256=00">pip</a>';
  await expect(downloadPip(python, join(folder, 'none'))).rejects.toThrow(
    'does not offer pip-25.3-py3-none-any.whl',
  );
});
