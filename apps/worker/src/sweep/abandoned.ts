import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@spiderhub/runners';
import { namesIn } from './in-use.ts';

/** No upload and no inspection of an egg takes so long, ms. */
const ABANDONED_MS = 24 * 3600_000;

/** Removes what a killed process left in directories for passing things. Returns how many entries went. */
export async function sweepAbandoned(directories: readonly string[], now = Date.now): Promise<number> {
  let removed = 0;
  for (const directory of directories) {
    for (const name of await namesIn(directory)) {
      const path = join(directory, name);
      const changedMs = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => now(),
      );
      if (now() - changedMs < ABANDONED_MS) continue;
      await removeTree(path);
      removed += 1;
    }
  }
  return removed;
}
