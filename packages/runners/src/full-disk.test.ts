import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_BOXING } from '@spiderhub/isolation';
import { eventually, mountSmallDisk, type SmallDisk } from '@spiderhub/testkit';
import { LAUNCHER_DIR, requirePython } from './contract/support.ts';
import { createEggs } from './eggs.ts';
import { readJson, readText, writeDeadline } from './files.ts';
import { type JobDirectory, makeJobDirectory } from './job-directory.ts';
import { openCrawl } from './running-crawl.ts';
import { spawnShim } from './shim-process.ts';
import { unpackZip } from './zip.ts';

const FOREVER_MS = 2 ** 50;

const disk = mountSmallDisk(128) as SmallDisk;
const { folder } = disk ?? { folder: '' };
const home = mkdtempSync(join(tmpdir(), 'egg-'));
afterAll(() => {
  rmSync(home, { recursive: true });
  disk?.remove();
});
afterEach(() => {
  for (const name of readdirSync(folder))
    if (!/^\d/.test(name)) rmSync(join(folder, name), { recursive: true });
});
const whereMounted = disk ? it : it.skip;

whereMounted('an attempt that finds no room leaves nothing behind, and says why', async () => {
  const deadline = join(folder, 'deadline');
  await writeDeadline(deadline, 1);
  disk.fill();
  await expect(makeJobDirectory(folder, '1-1', 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(folder).sort()).toEqual(['deadline', 'filler']);
  // What lives already goes on.
  await writeDeadline(deadline, 2);
  expect(Number(await readText(deadline))).toBe(2);
});

whereMounted('an egg that finds no room is no bad egg', async () => {
  const egg = join(home, 'shop.egg');
  execFileSync(requirePython(), ['-m', 'zipfile', '-c', egg, LAUNCHER_DIR]);
  await expect(unpackZip(egg, mkdtempSync(join(folder, 'egg-')))).rejects.toMatchObject({ code: 'ENOSPC' });
});

/** An egg whose only module takes 8 pages more when it is compiled. */
const MAKE_EGG = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as egg:
    egg.writestr('EGG-INFO/PKG-INFO', 'Name: shop\\nVersion: 1')
    egg.writestr('shop.py', ''.join('def f%d(): return %d\\n' % (n, n) for n in range(300)))
`;

whereMounted('an egg is kept only with modules that are compiled as a whole', async () => {
  execFileSync(requirePython(), ['-c', MAKE_EGG, join(home, 'shop.egg')]);
  const eggsDir = join(folder, 'eggs');
  const blobs = { localPath: async () => join(home, 'shop.egg') };
  const eggs = createEggs({ boxing: NO_BOXING, launcherDir: LAUNCHER_DIR, eggsDir, blobs });
  disk.fill(7 * 4096);
  await expect(eggs.unpacked('shop', requirePython(), 7)).rejects.toMatchObject({ code: 'disk_full' });
  expect(readdirSync(eggsDir)).toEqual([]);
  disk.free();
  const unpacked = await eggs.unpacked('shop', requirePython(), 7);
  execFileSync(requirePython(), ['-c', 'import shop'], { env: { PYTHONPATH: unpacked } });
});

/** A crawl that is a shell script, whose disk is full as soon as it runs. */
async function startScript(attempt: string, script: string): Promise<JobDirectory> {
  const directory = await makeJobDirectory(folder, attempt, FOREVER_MS);
  const argv = ['/bin/sh', '-c', `while [ ! -e ${join(folder, 'filler')} ]; do sleep 0.05; done; ${script}`];
  const launch = { argv, env: { PATH: '/usr/bin:/bin' }, cwd: directory.home, spoolBytes: 2 ** 20 };
  writeFileSync(directory.launch, JSON.stringify(launch));
  await spawnShim(requirePython(), LAUNCHER_DIR, directory);
  await eventually(async () => expect(await readJson(directory.shim)).not.toBeNull());
  disk.fill();
  return directory;
}

whereMounted('a crawl that ends while the disk is full tells how, and what it could not say', async () => {
  const quiet = await startScript('2-1', 'sleep 0.5');
  await eventually(async () => expect(await readJson(quiet.exit)).toMatchObject({ code: 0 }));
  expect(await readJson(quiet.exit)).not.toHaveProperty('exceeded');
  disk.free();
  const loud = await startScript('2-2', 'sleep 0.5; echo all that I have found');
  const end = { code: 0, exceeded: 'disk' };
  await eventually(async () => expect(await readJson(loud.exit)).toMatchObject(end));
});

whereMounted.each([
  ['stop', '3-1'],
  ['kill', '3-2'],
] as const)('a full disk keeps no crawl from its end: %s', async (how, attempt) => {
  const directory = await startScript(attempt, 'exec sleep 60');
  const ownership = { isAlive: () => true, maxItemBytes: 1, beforeCleanUp: async () => {}, onCleanUp() {} };
  const crawl = await openCrawl(directory, ownership);
  await crawl[how]();
  expect(await crawl.exited).toMatchObject({ signal: how === 'stop' ? 'SIGTERM' : 'SIGKILL' });
});
