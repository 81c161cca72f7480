import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepKeptFolders } from './kept-folders.ts';

const DAY_MS = 24 * 3600_000;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kept-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function kept(name: string, agoMs: number): Promise<string> {
  const path = join(root, name);
  await mkdir(join(path, '.scrapy'), { recursive: true });
  await writeFile(join(path, '.scrapy/cache'), 'x');
  const then = new Date(Date.now() - agoMs);
  await utimes(path, then, then);
  return path;
}

it('removes what spiders and projects kept that are no more, a day after it was touched, and nothing else', async () => {
  const there = await kept('1/1', 9 * DAY_MS);
  const spiderGone = await kept('1/2', 2 * DAY_MS);
  const lately = await kept('1/3', DAY_MS / 2);
  const projectGone = await kept('2/1', 2 * DAY_MS);
  const foreign = await kept('1/backup', 9 * DAY_MS);
  const spidersOf = async (project: number) => new Set(project === 1 ? [1] : []);
  expect(await sweepKeptFolders({ root, spidersOf })).toBe(2);
  expect([there, lately, foreign].map(existsSync)).toEqual([true, true, true]);
  expect([spiderGone, projectGone, join(root, '2')].map(existsSync)).toEqual([false, false, false]);
  expect(await sweepKeptFolders({ root: join(root, 'missing'), spidersOf })).toBe(0);
});

it('removes what a crawl made so that it would stay, and so goes on to the folders of others', async () => {
  // Deeper than the longest path that the system takes, and locked for its owner.
  const deep = await kept('1/2', 0);
  const dig = `for (let n = 0; n < 20; n += 1) {
    fs.mkdirSync('d'.repeat(250));
    process.chdir('d'.repeat(250));
  }`;
  execFileSync(process.execPath, ['-e', dig], { cwd: deep });
  const locked = await kept('1/3', 0);
  await chmod(join(locked, '.scrapy'), 0);
  const other = await kept('2/1', 2 * DAY_MS);
  const then = new Date(Date.now() - 2 * DAY_MS);
  for (const path of [deep, locked]) await utimes(path, then, then);
  expect(await sweepKeptFolders({ root, spidersOf: async () => new Set() })).toBe(3);
  expect([deep, locked, other].map(existsSync)).toEqual([false, false, false]);
});
