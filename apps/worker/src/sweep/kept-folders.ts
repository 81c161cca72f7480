import { rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@spiderhub/runners';
import { namesIn } from './in-use.ts';

/** A spider's folder that its last crawl may have touched so lately stays, whatever the database says, ms. */
const UNTOUCHED_MS = 24 * 3600_000;

export interface KeptFoldersOptions {
  /** Holds a folder for each project, and in these one for each spider. */
  root: string;
  /** Numbers of a project's spiders; none when there is no such project. */
  spidersOf: (project: number) => Promise<ReadonlySet<number>>;
  now?: () => number;
}

/** Removes what crawls kept of spiders and projects that are no more. Returns how many folders went. */
export async function sweepKeptFolders({
  root,
  spidersOf,
  now = Date.now,
}: KeptFoldersOptions): Promise<number> {
  let removed = 0;
  for (const project of await numbersIn(root)) {
    const spiders = await spidersOf(Number(project));
    const gone = (await numbersIn(join(root, project))).filter((spider) => !spiders.has(Number(spider)));
    for (const spider of gone) {
      const path = join(root, project, spider);
      const { mtimeMs } = await stat(path);
      if (now() - mtimeMs < UNTOUCHED_MS) continue;
      await removeTree(path);
      removed += 1;
    }
    // Only when nothing is left in it.
    if (spiders.size === 0) await rmdir(join(root, project)).catch(() => undefined);
  }
  return removed;
}

async function numbersIn(directory: string): Promise<string[]> {
  return (await namesIn(directory)).filter((name) => /^[1-9]\d*$/.test(name));
}
