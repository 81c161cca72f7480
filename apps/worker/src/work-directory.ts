import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
  const holder = await readHolder(path);
  if (holder !== '') return !(await isAliveHolder(holder));
  return (await readdir(path)).some((name) => /^\d+-\d+$/.test(name));
}

const LOCK = 'worker.lock';

/** Null when a living worker has this folder, or is just taking it. */
export async function tryToTake(path: string): Promise<WorkDirectory | null> {
  const lock = join(path, LOCK);
  const mine = join(path, `.${randomBytes(6).toString('hex')}.lock`);
  await writeFile(mine, `${process.pid} ${await identityOf(process.pid)}`, { mode: 0o600 });
  try {
    const taken = (await linked(mine, lock)) || (await tookOver(path, mine));
    return taken ? { path, release: () => unlink(lock).catch(() => undefined) } : null;
  } finally {
    await unlink(mine).catch(() => undefined);
  }
}

/** A link appears with its content, and only where there was none. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Replaces a dead worker's lock. Of several that see it dead, the one whose link is first may; whoever comes later finds
 * a lock that has changed.
 */
async function tookOver(path: string, mine: string): Promise<boolean> {
  const holder = await readHolder(path);
  if (holder === '' || (await isAliveHolder(holder))) return false;
  const heir = join(path, `.heir-of-${holder.replaceAll(/[^\w]+/g, '-')}`);
  if (!(await linked(mine, heir))) return false;
  try {
    if ((await readHolder(path)) !== holder) return false;
    await rename(heir, join(path, LOCK));
    return true;
  } finally {
    await unlink(heir).catch(() => undefined);
  }
}

function readHolder(path: string): Promise<string> {
  return readFile(join(path, LOCK), 'utf8').catch(() => '');
}

async function isAliveHolder(holder: string): Promise<boolean> {
  const [pid, ...rest] = holder.split(' ');
  const now = await identityOf(Number(pid));
  return now !== null && now === rest.join(' ');
}

/** Start time and boot, so that a process that got a dead one's number is not taken for it. Null: no such process. */
async function identityOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    // The name in parentheses may hold anything; the 22nd field of all is the 20th behind it.
    return `${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} ${boot}`;
  } catch {
    return isAlive(pid) ? 'unknown' : null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
