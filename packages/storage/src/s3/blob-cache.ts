import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { singleFlight } from '@spiderhub/core';
import { removeAbandoned } from '../fs/blob-files.ts';
import { entriesOf, isMissing, syncFile } from '../fs/sync.ts';

/** Whoever asked for a file has opened it by then, ms. */
const IN_USE_MS = 10 * 60_000;

/** Files of this machine, by their content; those that nobody asked for the longest go when there are too many. */
export interface BlobCache {
  /** Path of a file that is there, which counts as used now; null when it is not. */
  find(sha256: string): Promise<string | null>;
  /** Path for a file to be written to, which nobody else has. */
  draft(): Promise<string>;
  /** Moves a written file into its place and returns that. */
  place(draft: string, sha256: string): Promise<string>;
  forget(sha256: string): Promise<void>;
}

export function createBlobCache(directory: string, budgetBytes: number): BlobCache {
  const root = path.resolve(directory);
  const incoming = path.join(root, 'incoming');
  const sweeping = singleFlight<void>();

  const pathOf = (sha256: string) => path.join(root, sha256.slice(0, 2), sha256);

  /** Oldest use first, until the rest fits. */
  async function sweep(): Promise<void> {
    await removeAbandoned(incoming);
    const files: { file: string; size: number; usedMs: number }[] = [];
    for (const folder of await entriesOf(root)) {
      if (folder === 'incoming') continue;
      for (const name of await entriesOf(path.join(root, folder))) {
        const file = path.join(root, folder, name);
        const found = await stat(file).catch(() => null);
        if (found) files.push({ file, size: found.size, usedMs: found.mtimeMs });
      }
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size, usedMs } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= budgetBytes || usedMs > Date.now() - IN_USE_MS) return;
      // Another process may have asked for it since.
      const now = await stat(file).catch(() => null);
      if (now?.mtimeMs === usedMs) await rm(file, { force: true });
      if (!now || now.mtimeMs === usedMs) total -= size;
    }
  }

  return {
    async find(sha256) {
      const file = pathOf(sha256);
      const now = new Date();
      return utimes(file, now, now).then(
        () => file,
        (error: unknown) => {
          if (isMissing(error)) return null;
          throw error;
        },
      );
    },

    async draft() {
      await mkdir(incoming, { recursive: true });
      return path.join(incoming, randomUUID());
    },

    async place(draft, sha256) {
      const file = pathOf(sha256);
      await chmod(draft, 0o444);
      // A machine that lost its power would have the name and not the content, and believe it for ever.
      await syncFile(draft);
      await mkdir(path.dirname(file), { recursive: true });
      await rename(draft, file);
      await sweeping('', sweep);
      return file;
    },

    forget: (sha256) => rm(pathOf(sha256), { force: true }),
  };
}
