import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockHolder, releaseLock, takeLock } from './lock.ts';
import { processId } from './process-table.ts';

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  lock = join(folder, 'lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('names the living process that holds it', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const holder = processId(child.pid ?? 0);
  writeFileSync(lock, JSON.stringify(holder));
  expect(takeLock(lock)).toEqual(holder);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lockHolder(lock)).toBeNull();
  expect(takeLock(lock)).toBeNull();
  expect(lockHolder(lock)).toEqual(processId(process.pid));
});

it.each([
  [
    'a process with the same number that was born at another time',
    JSON.stringify({ pid: process.pid, born: '1' }),
  ],
  ['a file that was cut off', '{"pid"'],
  ['an empty file', ''],
])('is taken from %s', (_, content) => {
  writeFileSync(lock, content);
  expect(takeLock(lock)).toBeNull();
});

it('is free again when released, and only its holder releases it', () => {
  const other = processId(process.ppid);
  writeFileSync(lock, JSON.stringify(other));
  releaseLock(lock);
  expect(lockHolder(lock)).toEqual(other);
  rmSync(lock);
  takeLock(lock);
  releaseLock(lock);
  expect(lockHolder(lock)).toBeNull();
});
