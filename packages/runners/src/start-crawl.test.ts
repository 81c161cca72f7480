import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '@spiderhub/core';
import { makeJobDirectory } from './job-directory.ts';
import { startInBackground } from './start-crawl.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-crawl-'));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ['a full disk', Object.assign(new Error('full'), { code: 'ENOSPC' })],
  ['a full quota', Object.assign(new Error('full'), { code: 'EDQUOT' })],
  ['no room for an environment', new DomainError('unavailable', 'disk_full', 'no room')],
])('ends a crawl that cannot be prepared for %s as one that took too much disk', async (_, error) => {
  const { exit, log } = await startedWith(error);
  expect(exit).toEqual({ code: 1, signal: null, deadlinePassed: false, exceeded: 'disk' });
  expect(log).toContain('The crawl could not be started: the disk of the worker is full.');
});

it('ends one that its owner has to mend as one that failed', async () => {
  const { exit, log } = await startedWith(new DomainError('invalid', 'bad_egg', 'egg: no ZIP file'));
  expect(exit).toEqual({ code: 1, signal: null, deadlinePassed: false });
  expect(log).toContain('The crawl could not be started: egg: no ZIP file');
});

async function startedWith(error: Error): Promise<{ exit: unknown; log: string }> {
  const directory = await makeJobDirectory(folder, '1-1', 0);
  await startInBackground(directory, {
    prepare: () => Promise.reject(error),
    startShim: () => Promise.reject(new Error('not to be started')),
    log: undefined,
  }).gone;
  const [spooled = ''] = await readdir(directory.spool);
  return {
    exit: JSON.parse(await readFile(directory.exit, 'utf8')),
    log: await readFile(join(directory.spool, spooled), 'utf8'),
  };
}
