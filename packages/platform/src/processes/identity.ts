import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hasCode } from '../errors.ts';

/** A process, known again by the moment of its birth: numbers alone are used again. */
export interface ProcessId {
  pid: number;
  /** Clock tick and boot, or what the system says where it has no /proc. Empty: it is gone. */
  born: string;
}

export function processId(pid: number): ProcessId {
  return { pid, born: bornAt(pid) };
}

/** Whether the process still runs; one that only waits to be collected by its parent does not. */
export function isAlive({ pid, born }: ProcessId): boolean {
  const now = bornAt(pid);
  // Earlier versions wrote down the tick alone.
  return born !== '' && (now === born || now.startsWith(`${born} `));
}

const STATE = 0;
const START_TIME = 19;

/** Clock tick at which a process of this machine began. Null: there is none, it is a zombie, or there is no /proc. */
export function startTick(pid: number): number | null {
  const fields = statFields(pid);
  const hasEnded = fields[STATE] === undefined || fields[STATE] === 'Z' || fields[STATE] === 'X';
  return hasEnded ? null : Number(fields[START_TIME]);
}

/** True for a process that has ended and that its parent has not asked about yet: others take it for alive. */
export function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return psColumn(pid, 'stat').startsWith('Z');
  return statFields(pid)[STATE] === 'Z';
}

let boot: string | null | undefined;

/** Names this run of the machine; null where there is no /proc. */
export function bootId(): string | null {
  boot ??= readProc('sys/kernel/random/boot_id')?.trim() ?? null;
  return boot;
}

/** Whether there is a process with this number, zombies included. */
export function canBeSignalled(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function bornAt(pid: number): string {
  if (process.platform !== 'linux') return isZombie(pid) ? '' : psColumn(pid, 'lstart');
  const tick = startTick(pid);
  return tick === null ? '' : `${tick} ${bootId()}`;
}

function psColumn(pid: number, column: string): string {
  return spawnSync('ps', ['-o', `${column}=`, '-p', `${pid}`])
    .stdout.toString()
    .trim();
}

/** Fields of /proc/PID/stat from the third on; the name in the second may hold blanks and parentheses. */
function statFields(pid: number): string[] {
  const stat = readProc(`${pid}/stat`);
  return stat === null ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(name: string): string | null {
  try {
    return readFileSync(`/proc/${name}`, 'latin1');
  } catch {
    return null;
  }
}
