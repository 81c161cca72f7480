import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningCrawl } from '@spiderhub/core';
import { readJson } from './files.ts';
import type { JobDirectory } from './job-directory.ts';
import { isShimAlive, killLeftovers } from './shim-process.ts';

export type CrawlExit = Awaited<RunningCrawl['exited']>;

const POLL_MS = 50;
/** How long an adopted directory may be without a living shim: its last worker may have died while starting it. */
const STARTING_MS = 2000;

/** A shim that was killed cannot tell; its crawl was killed with it. */
const LOST: CrawlExit = { code: null, signal: 'SIGKILL', deadlinePassed: false, shimDied: true };

/**
 * Waits for the end of a crawl. `gone`, for a shim of our own, only spares the last poll. The timers do not keep this
 * process alive.
 */
export async function waitForExit(
  directory: JobDirectory,
  isAlive: () => boolean | Promise<boolean>,
  gone?: Promise<void>,
): Promise<CrawlExit> {
  for (;;) {
    // Asked first: a shim writes how the crawl ended before it ends itself.
    const alive = await isAlive();
    const exit = await readJson<CrawlExit>(directory.exit);
    if (exit) return exit;
    if (!alive) {
      await killLeftovers(directory);
      return LOST;
    }
    const pause = sleep(POLL_MS, undefined, { ref: false });
    await (gone ? Promise.race([pause, gone]) : pause);
  }
}

/** Looks at the process table, for a shim that another process started. */
export function aliveByIdentity(directory: JobDirectory): () => Promise<boolean> {
  const startedBy = performance.now() + STARTING_MS;
  let seen = false;
  return async () => {
    const alive = await isShimAlive(directory);
    seen ||= alive;
    return alive || (!seen && performance.now() < startedBy);
  };
}
