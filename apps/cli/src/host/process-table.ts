import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process, known again by the moment of its birth: numbers alone are used again. */
export interface ProcessId {
  pid: number;
  born: string;
}

export function processId(pid: number): ProcessId {
  return { pid, born: bornAt(pid) };
}

export function isAlive({ pid, born }: ProcessId): boolean {
  return born !== '' && bornAt(pid) === born;
}

const STATE = 0;
const START_TIME = 19;

/** When the process was started, in words of the system; empty when it is gone or only a zombie. */
function bornAt(pid: number): string {
  if (process.platform !== 'linux')
    return spawnSync('ps', ['-o', 'lstart=', '-p', `${pid}`]).stdout.toString();
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[STATE] === 'Z' ? '' : (fields[START_TIME] ?? '');
  } catch {
    return '';
  }
}

const POLL_MS = 20;

/** Sends a signal and waits for the end; after `graceMs` it kills. Returns false when it was not alive. */
export async function endProcess(id: ProcessId, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  if (!isAlive(id)) return false;
  const until = performance.now() + graceMs;
  process.kill(id.pid, signal);
  while (isAlive(id)) {
    if (performance.now() > until) process.kill(id.pid, 'SIGKILL');
    await delay(POLL_MS);
  }
  return true;
}
