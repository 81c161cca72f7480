import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { canBeSignalled, startTick } from '@spiderhub/platform';

/** The process that holds a network namespace open, known again by the clock tick of its birth. */
export interface CellProcess {
  pid: number;
  startTick: number;
}

export interface CellStart {
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Folder of its socket. */
  folder: string;
  name: string;
  /** Whether it has to make a user namespace to be allowed to. */
  userns: boolean;
}

/** The time in which a cell has to be there, ms. */
const PATIENCE_MS = 20_000;

/** Starts a cell that lives on when this process ends. Throws with its own words when there can be none. */
export async function startCell({
  python,
  launcherDir,
  folder,
  name,
  userns,
}: CellStart): Promise<CellProcess> {
  const program = `${launcherDir}/network_cell.py`;
  const child = spawn(python, ['-I', '-S', program, name, userns ? 'user' : 'root'], {
    cwd: folder,
    env: {},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const isReady = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'close').then(() => false),
  ]).finally(() => clearTimeout(timer));
  child.unref();
  const tick = isReady && child.pid !== undefined ? startTick(child.pid) : null;
  if (tick === null) throw new Error(lastLine(words) || 'the process of a network namespace ended at once');
  return { pid: child.pid as number, startTick: tick };
}

export function isCellAlive({ pid, startTick: tick }: CellProcess): boolean {
  return startTick(pid) === tick;
}

/** Ends a cell; processes in its namespace keep that, with nothing in it. */
export async function endCell(cell: CellProcess): Promise<void> {
  if (!isCellAlive(cell)) return;
  process.kill(cell.pid, 'SIGKILL');
  while (isCellAlive(cell) && canBeSignalled(cell.pid)) await sleep(5);
}

function lastLine(text: string): string {
  return text.trim().split('\n').pop() ?? '';
}
