import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockHolder, releaseLock, takeLock } from '@spiderhub/platform';

/** A folder for job directories that only this process uses; a successor finds there what it can take over. */
export interface WorkDirectory {
  path: string;
  release(): Promise<void>;
}

/**
 * Name of the folder for the workers of one machine or container: several may share a home, and only the processes of
 * one's own can be told dead from alive. A container that is started again keeps its host name, and finds its crawls.
 */
export function placeOf(host: string): string {
  return host.replaceAll(/[^\w.-]/g, '_').replace(/^\.*$/, '_');
}

/** Takes the first folder below `root` that no living worker of this machine has. */
export async function takeWorkDirectory(root: string): Promise<WorkDirectory> {
  for (let n = 1; ; n++) {
    const path = join(root, String(n));
    await mkdir(path, { recursive: true, mode: 0o700 });
    const taken = await tryToTake(path);
    if (taken) return taken;
  }
}

/** Folders below `root` whose worker died and whose place nobody took: crawls may still run there. */
export async function abandonedDirectories(root: string): Promise<string[]> {
  const names = (await readdir(root)).filter((name) => /^[1-9]\d*$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(root, name);
      return (await isAbandoned(path)) ? [path] : [];
    }),
  );
  return found.flat();
}

/** Without a lock: its worker left politely, perhaps leaving crawls to a successor. */
async function isAbandoned(path: string): Promise<boolean> {
  if (lockHolder(lockOf(path))) return false;
  const names = await readdir(path);
  return names.includes(LOCK) || names.some((name) => /^\d+-\d+$/.test(name));
}

const LOCK = 'worker.lock';

function lockOf(path: string): string {
  return join(path, LOCK);
}

/** Null when a living worker has this folder, or is just taking it. */
export async function tryToTake(path: string): Promise<WorkDirectory | null> {
  const lock = lockOf(path);
  if (takeLock(lock)) return null;
  return { path, release: async () => releaseLock(lock) };
}
