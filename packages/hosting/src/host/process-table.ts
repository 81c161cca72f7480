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

/** True for a process that has ended and that its parent has not asked about yet: others take it for alive. */
export function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return psColumn(pid, 'stat').startsWith('Z');
  return statFields(pid)[STATE] === 'Z';
}

/** When the process was started, in words of the system; empty when it is gone or only a zombie. */
function bornAt(pid: number): string {
  if (process.platform !== 'linux') return isZombie(pid) ? '' : psColumn(pid, 'lstart');
  const fields = statFields(pid);
  return fields[STATE] === 'Z' ? '' : (fields[START_TIME] ?? '');
}

function psColumn(pid: number, column: string): string {
  return spawnSync('ps', ['-o', `${column}=`, '-p', `${pid}`]).stdout.toString();
}

function statFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

const POLL_MS = 20;

/** Sends a signal and waits for the end; after `graceMs` it kills. Returns false when it was not alive. */
export async function endProcess(id: ProcessId, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  if (!isAlive(id)) return false;
  const until = performance.now() + graceMs;
  signalQuietly(id.pid, signal);
  while (isAlive(id)) {
    if (performance.now() > until) signalQuietly(id.pid, 'SIGKILL');
    await delay(POLL_MS);
  }
  return true;
}

/** A negative number means a process group. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Nobody is there any more.
  }
}
