import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '@spiderhub/platform';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 10;

/**
 * Removes a control group with those below it. Who is still in it has no business there any more and is killed: the
 * crawl is over. Returns false when it could not be emptied.
 */
export async function removeGroup(directory: string, patienceMs = PATIENCE_MS): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (;;) {
    if (await tryToRemove(directory)) return true;
    if (performance.now() >= until) return false;
    await killMembers(directory);
    await sleep(PAUSE_MS);
  }
}

/** Removes it when it is empty; one that is gone counts as removed. */
export async function tryToRemove(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    return hasCode(error, 'ENOENT');
  }
}

async function killMembers(directory: string): Promise<void> {
  const below = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of below) {
    if (!entry.isDirectory()) continue;
    await killMembers(join(directory, entry.name));
    await tryToRemove(join(directory, entry.name));
  }
  // Only v2 has it, and it misses nobody.
  await writeFile(join(directory, 'cgroup.kill'), '1', { flag: 'r+' }).catch(() => undefined);
  for (const pid of await members(directory)) killQuietly(pid);
}

/** Processes that are in a group itself. */
export async function members(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'latin1').catch(() => '');
  // 0 is a process of another pid namespace.
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
