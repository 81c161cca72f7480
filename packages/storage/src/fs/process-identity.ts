import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { bootId, canBeSignalled, startTick } from '@spiderhub/platform';

let identity: string | undefined;

/**
 * `<where>.<pid>.<start>`: names this process for as long as the machine runs. `where` is the same for processes that
 * see each other's ids, so a container next door is elsewhere; `start` tells a process from a later one with its id.
 */
export function processIdentity(): string {
  identity ??= `${where()}.${process.pid}.${startTick(process.pid) ?? 0}`;
  return identity;
}

/** Whether the process that a name (with anything after it) stands for has ended; null when we cannot know. */
export function isGone(name: string): boolean | null {
  const [place, pid, start] = name.split('.');
  const [ownPlace, , ownStart] = processIdentity().split('.');
  if (place !== ownPlace || pid === undefined) return null;
  if (ownStart === '0') return !canBeSignalled(Number(pid));
  return startTick(Number(pid)) !== Number(start);
}

function where(): string {
  return createHash('sha256').update(placeText()).digest('hex').slice(0, 12);
}

function placeText(): string {
  const boot = bootId();
  try {
    // With its line end, as it stands in /proc: the name must be the one that other versions give us.
    if (boot !== null) return `${boot}\n ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // No namespaces here.
  }
  return hostname();
}
