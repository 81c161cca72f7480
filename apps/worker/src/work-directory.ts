import { mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder for job directories that only this process uses; a successor finds there what it can take over. */
export interface WorkDirectory {
  path: string;
  release(): Promise<void>;
}

/** Takes the first folder below `root` that no living worker of this machine has. */
export async function takeWorkDirectory(root: string): Promise<WorkDirectory> {
  for (let n = 1; ; n++) {
    const path = join(root, String(n));
    await mkdir(path, { recursive: true, mode: 0o700 });
    const lock = join(path, 'worker.lock');
    if (await tryLock(lock)) return { path, release: () => unlink(lock).catch(() => undefined) };
  }
}

async function tryLock(path: string): Promise<boolean> {
  const identity = await identityOf(process.pid);
  for (let tries = 0; tries < 3; tries++) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid} ${identity}`);
      await file.close();
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
      if (await isHeld(path)) return false;
      await unlink(path).catch(() => undefined);
    }
  }
  return false;
}

async function isHeld(path: string): Promise<boolean> {
  const [pid, ...rest] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
  if (!pid) return false;
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
