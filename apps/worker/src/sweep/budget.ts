import { randomBytes } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeTree } from '@spiderhub/runners';
import { bytesBelow } from '@spiderhub/storage';
import { directoriesInUse, namesIn } from './in-use.ts';

/** Whoever takes such a directory marks it as used first; its crawl's launch file follows within so long, ms. */
const JUST_USED_MS = 3600_000;
const GOING = '.going-';

export interface BudgetOptions {
  /** Holds Python environments, a directory each. */
  envsDir: string;
  /** Holds the folders of all machines' workers. */
  workRoot: string;
  /** Folder of this machine's workers below it, with their unpacked eggs. */
  place: string;
  /** What environments and unpacked eggs may take together, bytes. */
  budgetBytes: number;
  now?: () => number;
}

interface Unpacked {
  path: string;
  bytes: number;
  usedMs: number;
}

/**
 * Keeps what was built or unpacked here within a budget: the longest unused goes first, nothing that a crawl needs, and
 * nothing that was used within the hour. All of it can be made again. Returns how many directories went.
 */
export function createBudget({ envsDir, workRoot, place, budgetBytes, now = Date.now }: BudgetOptions) {
  // They do not change once they are complete.
  const sizes = new Map<string, number>();

  async function sized(path: string): Promise<number> {
    const bytes = sizes.get(path) ?? (await bytesBelow(path));
    sizes.set(path, bytes);
    return bytes;
  }

  async function measured(path: string): Promise<Unpacked[]> {
    if (basename(path).startsWith(GOING)) {
      // Somebody was killed in the middle of it.
      await removeTree(path);
      return [];
    }
    const found = await stat(path).catch(() => null);
    if (!found?.isDirectory()) return [];
    // One that is just being made grows still.
    if (now() - found.mtimeMs < JUST_USED_MS) sizes.delete(path);
    return [{ path, bytes: await sized(path), usedMs: found.mtimeMs }];
  }

  async function all(): Promise<Unpacked[]> {
    const paths = (await namesIn(envsDir)).map((name) => join(envsDir, name));
    for (const worker of await namesIn(join(workRoot, place))) {
      const eggs = join(workRoot, place, worker, 'eggs');
      paths.push(...(await namesIn(eggs)).map((name) => join(eggs, name)));
    }
    const unpacked = await Promise.all(paths.map(measured));
    return unpacked.flat();
  }

  return {
    async sweep(): Promise<number> {
      const found = await all();
      let bytes = found.reduce((sum, one) => sum + one.bytes, 0);
      if (bytes <= budgetBytes) return 0;
      const needed = await directoriesInUse(workRoot);
      let removed = 0;
      for (const one of found.toSorted((a, b) => a.usedMs - b.usedMs)) {
        if (bytes <= budgetBytes) break;
        if (needed.has(one.path) || now() - one.usedMs < JUST_USED_MS) continue;
        if (!(await removeUnlessUsed(one))) continue;
        sizes.delete(one.path);
        bytes -= one.bytes;
        removed += 1;
      }
      return removed;
    },
  };
}

/** Out of the way in one step: nobody ever finds half of it. False when somebody used it in this very moment. */
async function removeUnlessUsed({ path, usedMs }: Unpacked): Promise<boolean> {
  const going = join(dirname(path), `${GOING}${randomBytes(4).toString('hex')}`);
  await rename(path, going);
  if ((await stat(going)).mtimeMs !== usedMs) {
    await rename(going, path).catch(() => undefined);
    return false;
  }
  await removeTree(going);
  // What an environment was made from, and that it was.
  for (const beside of ['.txt', '.complete']) await rm(`${path}${beside}`, { force: true });
  return true;
}
