import { mkdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { type JobKey, turnstile } from '@spiderhub/core';
import { hasCode } from '@spiderhub/platform';
import { bytesBelow } from './disk-usage.ts';
import { asideDir, jobDir, projectDirs } from './paths.ts';
import { entriesOf, isMissing } from './sync.ts';

async function moveOver(from: string, to: string): Promise<void> {
  // Whoever asks for a job that never was leaves no directories behind.
  if ((await entriesOf(from)).length === 0) return;
  await mkdir(path.dirname(to), { recursive: true });
  await rename(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

export async function setJobAside(root: string, key: JobKey): Promise<void> {
  const aside = asideDir(root, key);
  // Set aside before: what came since is late.
  if ((await entriesOf(aside)).length > 0) return removeDir(jobDir(root, key));
  await moveOver(jobDir(root, key), aside);
  await forgetLocks(aside);
}

/** Whoever held a lock in this moment lets go of it where it was, not where it is now. */
async function forgetLocks(dir: string): Promise<void> {
  for (const attempt of await entriesOf(dir))
    for (const name of await entriesOf(path.join(dir, attempt)))
      if (name.includes('.lock')) await unlink(path.join(dir, attempt, name)).catch(unlessMissing);
}

export async function bringJobBack(root: string, key: JobKey): Promise<void> {
  const aside = asideDir(root, key);
  if ((await entriesOf(aside)).length === 0) return;
  await removeDir(jobDir(root, key));
  await moveOver(aside, jobDir(root, key));
}

/** Jobs that go at once. */
const AT_ONCE = 2;

export async function removeJobs(root: string, keys: readonly JobKey[]): Promise<void> {
  const pass = turnstile(AT_ONCE);
  await Promise.all(
    keys.map((key) =>
      pass(async () => {
        await removeDir(jobDir(root, key));
        await removeDir(asideDir(root, key));
      }),
    ),
  );
}

const MAX_TRIES = 5;

/**
 * Removes a job's directory: a level of attempts, a level of files. Node's own `rm` asks about each path several times,
 * which is most of the time where hundreds of thousands of jobs go. A writer may put new files there meanwhile.
 */
async function removeDir(dir: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      for (const name of await entriesOf(dir)) await removeAttempt(path.join(dir, name));
      return await rmdir(dir);
    } catch (error) {
      if (isMissing(error)) return;
      if (!hasCode(error, 'ENOTEMPTY') || tries === MAX_TRIES) throw error;
    }
  }
}

async function removeAttempt(dir: string): Promise<void> {
  const names = await entriesOf(dir);
  try {
    for (const name of names) await unlink(path.join(dir, name)).catch(unlessMissing);
    await rmdir(dir);
  } catch (error) {
    if (isMissing(error)) return;
    // Something that no stream has: left by hand.
    if (!hasCode(error, 'ENOTEMPTY')) return rm(dir, { recursive: true, force: true });
    throw error;
  }
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

/** Bytes on disk, as blocks of the file system. */
export async function sizeOfProject(root: string, project: number): Promise<number> {
  let bytes = 0;
  for (const dir of projectDirs(root, project)) bytes += await bytesBelow(dir);
  return bytes;
}
