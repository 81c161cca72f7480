import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeOf, takeWorkDirectory } from '../work-directory.ts';
import { sweepAbandoned } from './abandoned.ts';
import { sweepVanished } from './vanished.ts';

const DAY_MS = 24 * 3600_000;
const PLACE = placeOf(hostname());

let root: string;
let inherited: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vanished-'));
  inherited = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A worker's folder with a crawl whose deadline was moved for the last time so long ago. */
async function folder(place: string, agoMs: number): Promise<string> {
  const path = join(root, place, '1');
  const job = join(path, '7-1');
  await mkdir(job, { recursive: true });
  await writeFile(join(job, 'deadline'), '1');
  const then = new Date(Date.now() - agoMs);
  for (const file of [join(job, 'deadline'), job, path]) await utimes(file, then, then);
  return path;
}

function sweep(live: string[] = []) {
  return sweepVanished({
    workRoot: root,
    place: PLACE,
    livePlaces: async () => new Set(live),
    inherit: async (path) => {
      // What a crawl wrote is still there when it is taken over.
      expect(existsSync(join(path, '7-1'))).toBe(true);
      inherited.push(path);
    },
  });
}

it('keeps the records of a machine that vanished, and removes its folder afterwards', async () => {
  const path = await folder('gone', 2 * DAY_MS);
  expect(await sweep()).toBe(1);
  expect(inherited).toEqual([path]);
  expect(existsSync(join(root, 'gone'))).toBe(false);
});

it('leaves machines that live, were heard of lately, or are this one', async () => {
  await folder('live', 2 * DAY_MS);
  await folder('lately', DAY_MS / 2);
  await folder(PLACE, 2 * DAY_MS);
  expect(await sweep(['live'])).toBe(0);
  expect(inherited).toEqual([]);
});

it('leaves a folder whose records could not be kept, for the next time', async () => {
  const path = await folder('gone', 2 * DAY_MS);
  const options = { workRoot: root, place: PLACE, livePlaces: async () => new Set<string>() };
  const inherit = async () => {
    throw new Error('the database is away');
  };
  await expect(sweepVanished({ ...options, inherit })).rejects.toThrow('away');
  expect(existsSync(join(path, '7-1/deadline'))).toBe(true);
  const later = () => Date.now() + 2 * DAY_MS;
  expect(await sweepVanished({ ...options, inherit: async () => {}, now: later })).toBe(1);
});

it('leaves a folder that another sweeper holds', async () => {
  await mkdir(join(root, 'gone'), { recursive: true });
  const taken = await takeWorkDirectory(join(root, 'gone'));
  await folder('gone', 2 * DAY_MS);
  expect(await sweep()).toBe(0);
  await taken.release();
});

it('removes passing things that are older than a day', async () => {
  const dir = join(root, 'tmp');
  await mkdir(join(dir, 'upload-old/files'), { recursive: true });
  await mkdir(join(dir, 'upload-new'));
  const then = new Date(Date.now() - 2 * DAY_MS);
  await utimes(join(dir, 'upload-old'), then, then);
  expect(await sweepAbandoned([dir, join(root, 'missing')])).toBe(1);
  expect([existsSync(join(dir, 'upload-old')), existsSync(join(dir, 'upload-new'))]).toEqual([false, true]);
});
