import { rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@spiderhub/runners';
import { tryToTake } from '../work-directory.ts';
import { namesIn } from './in-use.ts';

/** A machine without a life sign for so long does not come back, ms. Its crawls died long before, by their deadlines. */
export const VANISHED_MS = 24 * 3600_000;

export interface VanishedOptions {
  /** Holds the folders of all machines' workers. */
  workRoot: string;
  /** Our own folder below it: what is left there is our heirs' business. */
  place: string;
  /** Folders of machines whose workers gave a life sign within the day. */
  livePlaces: () => Promise<ReadonlySet<string>>;
  /** Keeps what the crawls of a worker's folder wrote. */
  inherit: (path: string) => Promise<void>;
  now?: () => number;
}

/** Removes folders of workers whose machine or container is no more, once their crawls' records are kept. Returns how many. */
export async function sweepVanished(options: VanishedOptions): Promise<number> {
  const { workRoot, place, livePlaces, inherit, now = Date.now } = options;
  const others = (await namesIn(workRoot)).filter((name) => name !== place);
  if (others.length === 0) return 0;
  const live = await livePlaces();
  let removed = 0;
  for (const other of others.filter((name) => !live.has(name))) {
    const workers = (await namesIn(join(workRoot, other))).filter((name) => /^[1-9]\d*$/.test(name));
    for (const worker of workers) {
      const path = join(workRoot, other, worker);
      if (now() - (await lastSign(path)) < VANISHED_MS) continue;
      const taken = await tryToTake(path);
      if (!taken) continue;
      try {
        await inherit(path);
        await removeTree(path);
        removed += 1;
      } finally {
        await taken.release();
      }
    }
    // Only when nothing is left in it.
    await rmdir(join(workRoot, other)).catch(() => undefined);
  }
  return removed;
}

/** When something last happened in a worker's folder, ms since the epoch: each life sign moves its crawls' deadlines. */
async function lastSign(path: string): Promise<number> {
  const jobs = (await namesIn(path)).filter((name) => /^\d+-\d+$/.test(name));
  const files = [path, ...jobs.flatMap((job) => [join(path, job), join(path, job, 'deadline')])];
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}
