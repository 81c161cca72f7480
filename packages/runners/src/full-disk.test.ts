import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readText, writeDeadline } from './files.ts';
import { makeJobDirectory } from './job-directory.ts';

/** A disk of its own with room for one page, which is taken. */
const folder = mkdtempSync(join(tmpdir(), 'full-disk-'));
const options = ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder];
const isMounted = process.getuid?.() === 0 && spawnSync('mount', options).status === 0;
afterAll(() => {
  if (isMounted) spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
});

(isMounted ? it : it.skip)('an attempt that finds no room leaves nothing behind, and says why', async () => {
  const deadline = join(folder, 'deadline');
  await writeDeadline(deadline, 1);
  await expect(makeJobDirectory(folder, '1-1', 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(folder)).toEqual(['deadline']);
  // What lives already goes on.
  await writeDeadline(deadline, 2);
  expect(Number(await readText(deadline))).toBe(2);
});
