import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processId } from './identity.ts';
import { lockHolder, releaseLock, takeLock } from './lock.ts';

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
  writeFileSync(lock, `${holder.pid} ${holder.born}`);
  expect(takeLock(lock)).toEqual(holder);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lockHolder(lock)).toBeNull();
  expect(takeLock(lock)).toBeNull();
  expect(lockHolder(lock)).toEqual(processId(process.pid));
});

it.each([
  ['a process with the same number that was born at another time', `${process.pid} 1 some-boot`],
  ['a process that never was', '999999999 1 some-boot'],
  ['a file that was cut off', `${process.pid} `],
  ['an empty file', ''],
])('is taken from %s', (_, content) => {
  writeFileSync(lock, content);
  expect(takeLock(lock)).toBeNull();
});

it('is free again when released, and only its holder releases it', () => {
  const other = processId(process.ppid);
  writeFileSync(lock, `${other.pid} ${other.born}`);
  releaseLock(lock);
  expect(lockHolder(lock)).toEqual(other);
  rmSync(lock);
  takeLock(lock);
  releaseLock(lock);
  expect(lockHolder(lock)).toBeNull();
});

it('is not taken from a living process that an earlier version locked for', () => {
  const holder = processId(process.ppid);
  const [tick] = holder.born.split(' ');
  writeFileSync(lock, JSON.stringify({ pid: holder.pid, born: tick }));
  expect(takeLock(lock)).toEqual({ pid: holder.pid, born: tick });
});

it('of a dead process goes to one of many that try, although an earlier one died over it', async () => {
  for (const name of [lock, `${lock}.heir`]) writeFileSync(name, '999999999 1 some-boot');
  const takers = Array.from({ length: 6 }, startTaker);
  await Promise.all(takers.map(({ stdout }) => once(stdout, 'data')));
  for (const { stdin } of takers) stdin.write('now');
  const answers = await Promise.all(takers.map(async ({ stdout }) => String(await once(stdout, 'data'))));
  for (const taker of takers) taker.kill('SIGKILL');
  expect(answers.filter((answer) => answer === 'taken\n')).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(['lock']);
});

/** Says that it is there, tries when it is told to, and stays, so that nobody else may have the lock. */
function startTaker() {
  const script = `
    const { takeLock } = require(${JSON.stringify(join(__dirname, 'lock.ts'))});
    process.stdin.on('data', () => console.log(takeLock(${JSON.stringify(lock)}) ? 'held' : 'taken'));
    console.log('here');`;
  const node = ['--require', require.resolve('tsx/cjs'), '-e', script];
  return spawn(process.execPath, node, { stdio: ['pipe', 'pipe', 'inherit'] });
}
