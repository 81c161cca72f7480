import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '@spiderhub/platform';

export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}

/** The file opened for reading, or null when there is none. */
export async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What the system knows of a file, or null when there is none. */
export async function statIfThere(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Names in a directory; none when there is no such directory. */
export async function entriesOf(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Makes a file's content (or a directory's entries) survive a loss of power. A missing file is fine. */
export async function syncFile(file: string): Promise<void> {
  const handle = await openIfThere(file);
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the entries of `dir` and of every directory above it up to `root` survive a loss of power. */
export async function syncDirs(dir: string, root: string): Promise<void> {
  for (let at = dir; at.length >= root.length; at = path.dirname(at)) {
    await syncFile(at);
    if (at === root || at === path.dirname(at)) return;
  }
}

/** Writes all of the bytes, however many calls that takes; `position` null means at the end of an append handle. */
export async function writeAll(handle: FileHandle, bytes: Buffer, position: number | null): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at);
    done += bytesWritten;
  }
}

/** Appends all of the parts, with one call if the system takes them at once. */
export async function writeParts(handle: FileHandle, parts: readonly Buffer[]): Promise<void> {
  const { bytesWritten } = await handle.writev([...parts]);
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  if (bytesWritten < size) await writeAll(handle, Buffer.concat(parts).subarray(bytesWritten), null);
}

/** Reads exactly these bytes; throws when the file ends before. */
export async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new Error(`file ends at ${position + done}, expected ${position + length}`);
    done += bytesRead;
  }
  return bytes;
}
