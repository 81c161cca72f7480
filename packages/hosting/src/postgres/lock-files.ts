import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isZombie } from '@spiderhub/platform';
import type { Home } from '../host/home.ts';

/** Where Postgres writes down who uses the data, and who the socket. */
export function lockFilesOf(home: Home, port: number): string[] {
  return [join(home.postgres, 'data', 'postmaster.pid'), join(home.sockets, `.s.PGSQL.${port}.lock`)];
}

/**
 * Removes locks of a process that was killed and is only a zombie, which Postgres takes for alive; what else is stale it
 * finds out itself. Where nobody asks about orphans (many containers), zombies stay for ever. Children of the dead one
 * that still use the data are found by their shared memory, whether there is a lock file or not.
 */
export function removeLocksOfDead(files: readonly string[]): void {
  for (const file of files) {
    if (isZombie(ownerOf(file))) rmSync(file, { force: true });
  }
}

/** The number in the first line; 0 when there is none. A negative one means a single-user session. */
function ownerOf(file: string): number {
  try {
    return Math.abs(Number.parseInt(readFileSync(file, 'utf8'), 10)) || 0;
  } catch {
    return 0;
  }
}
