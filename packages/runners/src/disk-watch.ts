import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 1024 ** 2;

/** For `runChild`: words as soon as directories take more than so many bytes together, or hold a place to hide more in. */
export function atMostOnDisk(directories: readonly string[], maxBytes: number): () => Promise<string | null> {
  return async () => {
    let left = maxBytes;
    for (const directory of directories) left -= await bytesIn(directory, left);
    if (left === -Infinity) return 'made a folder that cannot be looked into';
    return left < 0 ? `wrote more than ${maxBytes / MIB} MB to disk` : null;
  };
}

/** Of folders that their owner locked, or that lie deeper than paths may be long. */
const CLOSED = new Set(['EACCES', 'ENAMETOOLONG']);

/**
 * Bytes on disk below a directory; stops to count when there are more than `enough`. Fewer while it is changed, and
 * Infinity where it cannot be known.
 */
async function bytesIn(directory: string, enough: number): Promise<number> {
  let bytes = 0;
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) =>
    CLOSED.has(error.code ?? '') ? null : [],
  );
  if (entries === null) return Infinity;
  for (const entry of entries) {
    if (bytes > enough) break;
    const path = join(directory, entry.name);
    const found = await lstat(path).catch(() => null);
    // What `du` counts: a file with holes takes less than its size.
    bytes += (found?.blocks ?? 0) * 512;
    if (entry.isDirectory()) bytes += await bytesIn(path, enough - bytes);
  }
  return bytes;
}
