import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 1024 ** 2;

/** For `runChild`: words as soon as directories take more than so many bytes together. */
export function atMostOnDisk(directories: readonly string[], maxBytes: number): () => Promise<string | null> {
  return async () => {
    let left = maxBytes;
    for (const directory of directories) left -= await bytesIn(directory, left);
    return left < 0 ? `wrote more than ${maxBytes / MIB} MB to disk` : null;
  };
}

/** Bytes on disk below a directory; stops to count when there are more than `enough`. Fewer while it is changed. */
async function bytesIn(directory: string, enough: number): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    if (bytes > enough) break;
    const path = join(directory, entry.name);
    const found = await lstat(path).catch(() => null);
    // What `du` counts: a file with holes takes less than its size.
    bytes += (found?.blocks ?? 0) * 512;
    if (entry.isDirectory()) bytes += await bytesIn(path, enough - bytes);
  }
  return bytes;
}
