import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPrivate } from './private-home.ts';

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (name: string) => (statSync(join(home, name)).mode & 0o777).toString(8);
const DATA = ['data', 'work', 'envs', 'tmp', 'logs'];

it('makes a home that nobody else can enter, whatever the umask', () => {
  const mask = process.umask(0);
  try {
    expect(keepPrivate(home)).toEqual([]);
  } finally {
    process.umask(mask);
  }
  expect(['', ...DATA].map(modeOf)).toEqual(Array(6).fill('700'));
});

it('closes what an earlier release left open, and never opens anything', () => {
  for (const name of DATA) mkdirSync(join(home, name), { recursive: true });
  for (const name of ['', ...DATA]) chmodSync(join(home, name), 0o755);
  chmodSync(join(home, 'envs'), 0o500);
  writeFileSync(join(home, 'demo.json'), '');
  expect(keepPrivate(home)).toEqual([]);
  expect(['', ...DATA].map(modeOf)).toEqual(['711', '700', '700', '500', '700', '700']);
  expect(keepPrivate(home, { passable: false })).toEqual([]);
  expect(modeOf('')).toBe('700');
  expect(keepPrivate(home, { passable: true })).toEqual([]);
  expect(modeOf('')).toBe('700');
});

it("leaves a folder that holds other things as it is, says so, and closes what is Spiderhub's in it", () => {
  mkdirSync(join(home, 'photos'), { recursive: true });
  chmodSync(home, 0o755);
  expect(keepPrivate(home)).toEqual([expect.stringMatching(/stays open to other users$/)]);
  expect([modeOf(''), modeOf('photos'), modeOf('data')]).toEqual(['755', '755', '700']);
  chmodSync(home, 0o711);
  expect(keepPrivate(home)).toEqual([]);
});

it('closes the folder behind a link', () => {
  const elsewhere = join(folder, 'big-disk');
  mkdirSync(elsewhere);
  mkdirSync(home);
  chmodSync(elsewhere, 0o777);
  symlinkSync(elsewhere, join(home, 'data'));
  expect(keepPrivate(home)).toEqual([]);
  expect(modeOf('data')).toBe('700');
});
