import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { hasCode } from './sync.ts';

let identity: string | undefined;

/**
 * `<where>.<pid>.<start>`: names this process for as long as the machine runs. `where` is the same for processes that
 * see each other's ids, so a container next door is elsewhere; `start` tells a process from a later one with its id.
 */
export function processIdentity(): string {
  identity ??= `${where()}.${process.pid}.${startOf(readOwnStat()) ?? 0}`;
  return identity;
}

/** Whether the process that a name (with anything after it) stands for has ended; null when we cannot know. */
export async function isGone(name: string): Promise<boolean | null> {
  const [place, pid, start] = name.split('.');
  const [ownPlace, , ownStart] = processIdentity().split('.');
  if (place !== ownPlace || pid === undefined) return null;
  if (ownStart === '0') return !canBeSignalled(Number(pid));
  const stat = await readFile(`/proc/${Number(pid)}/stat`, 'utf8').catch(() => '');
  return startOf(stat) !== start;
}

/** Clock tick at which a process began, from its line in /proc; null for one that is dead but not yet reaped. */
function startOf(stat: string): string | null {
  // The name in parentheses may hold anything, so fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return fields[19] ?? null;
}

function where(): string {
  return createHash('sha256').update(placeText()).digest('hex').slice(0, 12);
}

function placeText(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function readOwnStat(): string {
  try {
    return readFileSync('/proc/self/stat', 'utf8');
  } catch {
    return '';
  }
}

function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
