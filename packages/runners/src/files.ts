import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { hasCode, isDiskFull } from '@spiderhub/platform';

/** Replaces a file so that a reader sees the old text or the new one, never a part. */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** More than any file that is reserved has. */
const RESERVED_BYTES = 1024;

/** Takes the room of a file that `writeReserved`, or the shim, is to write later, when there may be no other. */
export async function reserve(path: string): Promise<void> {
  await writeFile(`${path}.tmp`, ' '.repeat(RESERVED_BYTES), { mode: 0o600 });
}

/** Replaces a file, as `writeAtomic` does, for one writer at a time: in the room that was reserved for the first time. */
export async function writeReserved(path: string, text: string): Promise<void> {
  const handle = await open(`${path}.tmp`, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    await handle.writeFile(text);
    await handle.truncate(Buffer.byteLength(text));
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
}

/** Digits of a deadline: always as many, so that it can be written over in place. */
const DEADLINE_DIGITS = 16;

/** A full disk must not end crawls that do not write: then the old deadline is written over, which takes no room. */
export async function writeDeadline(path: string, untilMs: number): Promise<void> {
  const text = String(Math.round(untilMs)).padStart(DEADLINE_DIGITS, '0');
  try {
    await writeAtomic(path, text);
  } catch (error) {
    if (!isDiskFull(error) || !existsSync(path)) throw error;
    await writeFile(path, text, { flag: 'r+' });
  }
}

/** The JSON of a file of ours, null when there is no such file or (after a power cut) only its beginning. */
export async function readJson<T>(path: string): Promise<T | null> {
  const text = await readText(path);
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

/** The text of a file, null when there is no such file. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * Sets the time of a directory to now: what was used lately is not swept away. False when there is no such directory.
 */
export async function markUsed(directory: string): Promise<boolean> {
  try {
    const now = new Date();
    await utimes(directory, now, now);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** The directory of the environment whose `bin` has this Python: an absolute path. */
export function environmentOf(python: string): string {
  return dirname(dirname(python));
}

/** The directory of what was installed for a project; none where it runs on the stack's own Python. */
export function ownEnvironment(python: string, stackPython: string): string[] {
  return python === stackPython ? [] : [environmentOf(python)];
}

const run = promisify(execFile);

/** Removes a folder that a tenant wrote to: with paths longer than the system takes, and what its owner locked. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // These two go down step by step, where Node hands the whole path to the system.
    await run('chmod', ['-R', 'u+rwX', '--', path]);
    await run('rm', ['-rf', '--', path]);
  }
}
