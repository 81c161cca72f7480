import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAUNCHER_DIR, requirePython } from './contract/support.ts';

const seal = (directory: string) =>
  execFileSync(requirePython(), ['-I', '-S', join(LAUNCHER_DIR, 'seal.py'), directory]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('leaves nothing that others could write to, or run with rights of this user', () => {
  const target = join(folder, 'env');
  const modes = { '': 0o700, lib: 0o777, 'lib/a.py': 0o666, 'lib/run': 0o6777, 'lib/b.py': 0o600 };
  mkdirSync(join(target, 'lib'), { recursive: true });
  for (const name of ['lib/a.py', 'lib/run', 'lib/b.py']) writeFileSync(join(target, name), '');
  for (const [name, mode] of Object.entries(modes)) chmodSync(join(target, name), mode);
  seal(target);
  const found = Object.keys(modes).map((name) => (statSync(join(target, name)).mode & 0o7777).toString(8));
  expect(found).toEqual(['755', '755', '644', '755', '644']);
});

it('takes everything over, and keeps no link that leads out, no pipe and no socket', () => {
  const outside = join(folder, 'outside');
  const target = join(folder, 'env');
  mkdirSync(target);
  writeFileSync(outside, '');
  chmodSync(outside, 0o600);
  mkdirSync(join(target, 'lib'));
  symlinkSync('lib', join(target, 'lib64'));
  const out = { absolute: outside, relative: '../outside', through: 'lib/../../outside', folder: '/usr' };
  for (const [name, to] of Object.entries(out)) symlinkSync(to, join(target, name));
  execFileSync(requirePython(), ['-c', 'import os, sys; os.mkfifo(sys.argv[1])', join(target, 'pipe')]);
  const asRoot = process.getuid?.() === 0;
  if (asRoot) for (const name of ['', 'lib', 'pipe']) chownSync(join(target, name), 200_007, 200_007);
  seal(target);
  expect(readdirSync(target).sort()).toEqual(['lib', 'lib64']);
  expect(statSync(outside).mode & 0o777).toBe(0o600);
  const owners = ['', 'lib', 'lib64'].map((name) => lstatSync(join(target, name)).uid);
  expect(new Set(owners)).toEqual(new Set([process.getuid?.()]));
});
