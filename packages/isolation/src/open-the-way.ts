import { chmod, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isWithin } from './parts-of-python.ts';

const TO_PASS = 0o011;

/**
 * Lets other users pass through the folders between the home and these paths, without seeing what is in them. Only for
 * where there is no box: in a box they stand in folders of its own.
 */
export async function openTheWay(home: string, paths: readonly string[]): Promise<void> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(path); isWithin(folder, home); folder = dirname(folder)) folders.add(folder);
  }
  await Promise.all(
    [...folders].map(async (folder) => {
      const { mode } = await stat(folder);
      if ((mode & TO_PASS) !== TO_PASS) await chmod(folder, (mode & 0o7777) | TO_PASS);
    }),
  );
}
