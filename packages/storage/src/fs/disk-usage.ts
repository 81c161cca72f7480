import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const BLOCK_BYTES = 512;

/** Of places that cannot be looked into: those that are gone, locked for their owner, or deeper than paths may be long. */
const CLOSED = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG']);

/**
 * What the files below a directory take on disk, bytes. 0 when there is none; what goes meanwhile does not count, nor what
 * a crawl has closed: one tenant's folder must not keep those of others from being measured.
 */
export async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (CLOSED.has(error.code ?? '')) return [];
    throw error;
  });
  for (const entry of entries) {
    const at = path.join(dir, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(at);
    else if (entry.isFile())
      bytes += await stat(at).then(
        ({ blocks }) => blocks * BLOCK_BYTES,
        () => 0,
      );
  }
  return bytes;
}
