import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocksOfDead } from './lock-files.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'locks-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

// What Postgres can judge itself is left to Postgres; that a zombie's lock goes, `cluster.test.ts` shows.
it.each([
  ['a living process', `${process.pid}\n/data\n`],
  ['a single-user session', `-${process.pid}\n`],
  ['nobody any more', '999999999\n'],
  ['nobody who can be named', 'no number'],
  ['nobody yet', ''],
])('leaves the lock of %s alone', (_who, content) => {
  const file = join(folder, 'postmaster.pid');
  writeFileSync(file, content);
  removeLocksOfDead([file, join(folder, 'nowhere')]);
  expect(existsSync(file)).toBe(true);
});
