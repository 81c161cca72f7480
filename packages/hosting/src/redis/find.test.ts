import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeProgram } from '../testing/fake-programs.ts';
import { findRedisBelow } from './find.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function server(name: string, says: string): void {
  fakeProgram(join(folder, name), `echo '${says}'`);
}

it.each([
  ['bin/redis-server', 'Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64', 'redis', '7.0.15'],
  ['deep/er/valkey-server', 'Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64', 'valkey', '9.1.2'],
  ['redis-server', 'Redis server v=6.2.0 sha=00000000:0', 'redis', '6.2.0'],
])('takes %s that says %j', async (name, says, kind, version) => {
  server(name, says);
  expect(await findRedisBelow(folder)).toEqual({ path: join(folder, name), kind, version });
});

it.each([
  ['one that is too old for BullMQ', 'redis-server', 'Redis server v=6.0.16 sha=00000000:0'],
  ['another program of theirs', 'redis-cli', 'redis-cli v=7.0.15 x'],
  ['one that says something else', 'redis-server', 'no version at all'],
])('does not take %s', async (_what, name, says) => {
  server(name, says);
  expect(await findRedisBelow(folder)).toBeNull();
});

it('takes another one where the first cannot run here', async () => {
  fakeProgram(join(folder, 'a/redis-server'), 'exit 127');
  server('b/redis-server', 'Redis server v=7.2.1 sha=00000000:0');
  expect(await findRedisBelow(folder)).toMatchObject({ version: '7.2.1' });
});

it('finds nothing below a folder that is not there', async () => {
  expect(await findRedisBelow(join(folder, 'nowhere'))).toBeNull();
});
