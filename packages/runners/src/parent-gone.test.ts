import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { LAUNCHER_DIR, requirePython } from './contract/support.ts';

const python = requirePython();

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parent-gone-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Whether a process has this word on its command line. */
function isRunning(word: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(word);
    } catch {
      return false;
    }
  });
}

/** Kills, without a word, the process that started this program. */
async function killParentOf(args: string[], hasStarted: () => boolean, also?: Promise<void>): Promise<void> {
  // Not the last command of the shell, which would take its place.
  const parent = spawn('/bin/sh', ['-c', '"$@"; exit 0', 'sh', python, '-I', ...args], {
    stdio: 'ignore',
    cwd: root,
  });
  await eventually(() => expect(hasStarted()).toBe(true));
  await also;
  parent.kill('SIGKILL');
}

it.each(['reaper.py', 'box_exec.py'])(
  '%s ends with the process that started it, and what it runs too',
  async (name) => {
    const word = randomBytes(8).toString('hex');
    // The shell stays, so that the word is on its command line alone.
    const argv = ['/bin/sh', '-c', `touch started; sleep 1000; : ${word}`];
    const file = join(root, 'launch.json');
    writeFileSync(file, JSON.stringify({ argv, env: { PATH: '/usr/bin:/bin' }, cwd: root, box: null }));
    const program = join(LAUNCHER_DIR, name);
    await killParentOf(name === 'reaper.py' ? [program, ...argv] : [program, file], () =>
      existsSync(join(root, 'started')),
    );
    await eventually(() => expect(isRunning(word)).toBe(false));
  },
);

it('a build of an environment ends with the process that started it', async () => {
  const target = join(root, randomBytes(8).toString('hex'));
  const requirements = join(root, 'requirements.txt');
  // A package index that takes requests and never answers.
  const silent = createServer((socket) => socket.unref()).listen(0, '127.0.0.1');
  silent.unref();
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  writeFileSync(requirements, `--index-url http://127.0.0.1:${port}/\nsome-package\n`);
  const asked = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
  const builder = [join(LAUNCHER_DIR, 'build_environment.py'), target, requirements, 'beside'];
  await killParentOf(builder, () => existsSync(join(target, 'bin/python')), asked);
  await eventually(() => expect(isRunning(target)).toBe(false));
});
