import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { canBeSignalled, isAlive, isZombie, type ProcessId, processId, startTick } from './identity.ts';

let child: ChildProcess;
let id: ProcessId;

beforeEach(async () => {
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  id = processId(child.pid ?? 0);
});

afterEach(() => child.kill('SIGKILL'));

async function end(): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

it('knows a process for as long as it lives', async () => {
  expect(isAlive(id)).toBe(true);
  await end();
  expect(isAlive(id)).toBe(false);
  expect(processId(id.pid)).toEqual({ pid: id.pid, born: '' });
});

it('takes no process for an earlier one with its number', () => {
  expect(isAlive({ ...id, born: '1 some-boot' })).toBe(false);
  expect(isAlive({ ...id, born: `${id.born}1` })).toBe(false);
  expect(isAlive({ ...id, born: '' })).toBe(false);
});

it('knows a process by what earlier versions wrote down', () => {
  const [tick = ''] = id.born.split(' ');
  expect(isAlive({ ...id, born: tick })).toBe(true);
  expect(isAlive({ ...id, born: tick.slice(0, -1) })).toBe(false);
});

it('tells a zombie from the living, although it can still be sent signals', async () => {
  // `cat`, which the shell becomes, never asks about its child.
  const parent = spawn('sh', ['-c', 'sleep 300 & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line);
  parent.stdin.write('are you cat?\n');
  await once(parent.stdout, 'data');
  process.kill(pid, 'SIGKILL');
  while (!isZombie(pid)) await new Promise(setImmediate);
  expect([canBeSignalled(pid), startTick(pid), isAlive(processId(pid))]).toEqual([true, null, false]);
  parent.kill('SIGKILL');
});

it('says when its own process began', () => {
  expect(startTick(process.pid)).toBeGreaterThan(0);
  expect(isZombie(process.pid)).toBe(false);
});
