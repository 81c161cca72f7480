import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './sync.ts';

const BLOCK_BYTES = 512;

/** What the files below a directory take on disk, bytes. 0 when there is none; what goes meanwhile does not count. */
export async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
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
