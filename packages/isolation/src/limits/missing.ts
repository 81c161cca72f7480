import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MissingPart } from '../level.ts';
import type { Controller, Hierarchy } from './hierarchies.ts';
import type { UnitLimits } from './unit.ts';

/** What control groups could be had, and why not all. */
export interface Held {
  has(controller: Controller): boolean;
  /** What the kernel said, when groups could not be made. */
  obstacle: string | null;
  /** What would give them. */
  mend: string | null;
}

/** What of the limits does not hold, or only afterwards. `ownUsers`: crawls have user namespaces of their own. */
export function missingLimits(unit: UnitLimits, held: Held, ownUsers: boolean): MissingPart[] {
  const because = held.obstacle ? ` (control groups: ${held.obstacle})` : '';
  const mend = held.mend ? { mend: held.mend } : {};
  const parts: MissingPart[] = [];
  if (unit.memoryMb === 0)
    parts.push({ part: 'memory', words: 'A crawl may take all memory: UNIT_MEMORY_MB is 0' });
  else if (!held.has('memory'))
    parts.push({
      part: 'memory',
      words: `The memory of a crawl is added up twice a second and not held by the kernel: a fast one takes more for a moment${because}`,
      ...mend,
    });
  if (unit.processes === 0)
    parts.push({
      part: 'processes',
      words: 'A crawl may start any number of processes: UNIT_PROCESSES is 0',
    });
  else if (!held.has('pids') && !ownUsers)
    parts.push({
      part: 'processes',
      words: `The processes of a crawl are counted twice a second, and one that has too many is ended${because}`,
      ...mend,
    });
  if (!held.has('cpu'))
    parts.push({
      part: 'cpu',
      words: `A crawl with many processes gets more of the processors than one with few${because}`,
      ...mend,
    });
  parts.push({
    part: 'disk',
    words:
      unit.diskMb === 0
        ? 'A crawl may fill the disk: UNIT_DISK_MB is 0'
        : 'The files of a crawl are measured every second and not held by the kernel: a fast one writes more for a moment',
  });
  return parts;
}

const SYSTEMD = '/run/systemd/system';

/** The command that gives this user control groups, null when none is known. `name` is that of our own group. */
export function mendingCommand(
  found: { v1: Map<Controller, Hierarchy>; v2: Hierarchy | null },
  name: string,
  isRoot: boolean,
): string | null {
  if (isRoot) return 'mount -o remount,rw /sys/fs/cgroup';
  if (found.v1.size > 0) {
    const places = [...new Set([...found.v1.values()].map(({ own }) => join(own, name)))].join(' ');
    return `sudo sh -c 'mkdir -p ${places} && chown -R ${process.getuid?.()} ${places}'`;
  }
  return existsSync(SYSTEMD) ? 'systemd-run --user --scope -p Delegate=yes npm start' : null;
}
