import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootId, canBeSignalled, startTick } from '@spiderhub/platform';
import { readJson } from './files.ts';
import type { JobDirectory } from './job-directory.ts';

/** Who a shim is. Start time (clock ticks) and boot keep a re-used process id from being taken for it. */
interface ShimIdentity {
  pid: number;
  startTime: number | null;
  bootId: string | null;
  crawlPid: number;
}

/** A shim that this process started. */
export interface Shim {
  /** Resolves when its process has ended. */
  gone: Promise<void>;
}

/** Starts a shim that lives on when this process ends. Resolves when it runs; rejects when it cannot be executed. */
export async function spawnShim(python: string, launcherDir: string, directory: JobDirectory): Promise<Shim> {
  const log = await open(directory.shimLog, 'a', 0o600);
  try {
    const child = spawn(python, ['-I', '-S', '-u', join(launcherDir, 'shim.py'), directory.root], {
      cwd: directory.root,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: {},
    });
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await once(child, 'spawn');
    child.unref();
    return { gone };
  } finally {
    await log.close();
  }
}

/** Whether the shim of this directory still runs. One that has not written its identity yet counts as not running. */
export async function isShimAlive(directory: JobDirectory): Promise<boolean> {
  const shim = await readJson<ShimIdentity>(directory.shim);
  if (!shim) return false;
  if (shim.startTime === null) return canBeSignalled(shim.pid);
  return shim.bootId === bootId() && shim.startTime === startTick(shim.pid);
}

/**
 * Kills what a crawl left behind when its shim was killed itself: every process that knows the job's pipe. (The
 * crawl's main process has died with the shim already.)
 */
export function killLeftovers(directory: JobDirectory): Promise<void> {
  return killMarked(`SHUB_FIFO_PATH=${directory.pipe}`);
}

/** Kills every process that was started with this variable (`NAME=value`). Does nothing where there is no /proc. */
export async function killMarked(variable: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const left = processIds().filter((pid) => environmentOf(pid).includes(`${variable}\0`));
    if (left.length === 0) return;
    for (const pid of left) killQuietly(pid);
    await sleep(10);
  }
}

function processIds(): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Ends with a NUL, like each of its variables. Empty for zombies and for processes of others. */
function environmentOf(pid: number): string {
  return readProc(`${pid}/environ`) ?? '';
}

function readProc(name: string): string | null {
  try {
    return readFileSync(`/proc/${name}`, 'latin1');
  } catch {
    return null;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
