import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBudget } from './budget.ts';

const HOUR_MS = 3600_000;
const KB = 1024;

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'budget-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A directory of 64 KiB that was last used so many hours ago. */
async function unpacked(path: string, hoursAgo: number): Promise<string> {
  const full = join(home, path);
  await mkdir(join(full, 'lib'), { recursive: true });
  await writeFile(join(full, 'lib/code'), Buffer.alloc(64 * KB, 'x'));
  const used = new Date(Date.now() - hoursAgo * HOUR_MS);
  await utimes(full, used, used);
  return full;
}

function budgetOf(budgetBytes: number) {
  return createBudget({
    envsDir: join(home, 'envs'),
    workRoot: join(home, 'work'),
    place: 'here',
    budgetBytes,
  });
}

async function crawlWith(place: string, launch: object): Promise<void> {
  const job = join(home, 'work', place, '1/7-1');
  await mkdir(job, { recursive: true });
  await writeFile(join(job, 'launch.json'), JSON.stringify(launch));
}

it('removes what was not used for longest, environments and eggs alike, until the rest fits', async () => {
  const env = await unpacked('envs/aaaa', 30);
  for (const beside of ['.txt', '.complete']) await writeFile(`${env}${beside}`, 'six');
  const egg = await unpacked('work/here/1/eggs/bbbb.egg', 20);
  const newer = await unpacked('envs/cccc', 10);
  expect(await budgetOf(200 * KB).sweep()).toBe(0);
  expect(await budgetOf(140 * KB).sweep()).toBe(1);
  expect([env, `${env}.txt`, `${env}.complete`].map(existsSync)).toEqual([false, false, false]);
  expect([egg, newer].map(existsSync)).toEqual([true, true]);
  expect(await budgetOf(70 * KB).sweep()).toBe(1);
  expect([egg, newer].map(existsSync)).toEqual([false, true]);
});

it('leaves what a crawl needs, on any machine, and what was used within the hour', async () => {
  const env = await unpacked('envs/aaaa', 30);
  const egg = await unpacked('work/here/1/eggs/bbbb.egg', 20);
  const fresh = await unpacked('envs/cccc', 0);
  await crawlWith('elsewhere', { argv: [join(env, 'bin/python'), 'crawl.py'] });
  await crawlWith('here', { argv: ['/usr/bin/python3'], env: { PYTHONPATH: `${egg}/shop-1.0.egg:/other` } });
  expect(await budgetOf(0).sweep()).toBe(0);
  await rm(join(home, 'work/elsewhere'), { recursive: true });
  expect(await budgetOf(0).sweep()).toBe(1);
  expect([env, egg, fresh].map(existsSync)).toEqual([false, true, true]);
});

it('leaves the eggs of other machines to these, and finishes what was interrupted', async () => {
  const other = await unpacked('work/there/1/eggs/dddd.egg', 99);
  await unpacked('envs/.going-1234', 0);
  await budgetOf(1024 * KB).sweep();
  expect(existsSync(other)).toBe(true);
  expect(await readdir(join(home, 'envs'))).toEqual([]);
});
