import { join, relative } from 'node:path';

/** What limits are made of. */
export const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Where the control groups of a controller are: cgroup v1 has a tree for each, v2 one for all. */
export interface Hierarchy {
  version: 1 | 2;
  /** Directory that is mounted: the root of all groups that can be seen here. */
  top: string;
  /** Directory of the group that this process is in. */
  own: string;
}

export interface ProcFiles {
  /** Text of /proc/self/cgroup. */
  cgroup: string;
  /** Text of /proc/self/mountinfo. */
  mountinfo: string;
}

interface Mount {
  root: string;
  path: string;
  type: string;
  options: string[];
}

/** The trees of cgroup v1 by controller, and that of v2, each with this process's own place in it. */
export function findHierarchies(files: ProcFiles): { v1: Map<Controller, Hierarchy>; v2: Hierarchy | null } {
  const mounts = files.mountinfo.split('\n').flatMap(readMount);
  const v1 = new Map<Controller, Hierarchy>();
  let v2: Hierarchy | null = null;
  for (const line of files.cgroup.split('\n')) {
    const [number, names, ...rest] = line.split(':');
    const path = rest.join(':');
    if (number === '0' && names === '') v2 = locate(path, 2, mounts, ({ type }) => type === 'cgroup2');
    for (const controller of CONTROLLERS) {
      if (!names?.split(',').includes(controller)) continue;
      const found = locate(path, 1, mounts, (it) => it.type === 'cgroup' && it.options.includes(controller));
      if (found) v1.set(controller, found);
    }
  }
  return { v1, v2 };
}

/** Of a line as proc(5) has it: `36 35 98:0 /root /where rw shared:1 - type source options`. */
function readMount(line: string): Mount[] {
  const [left, right] = line.split(' - ');
  const [, , , root, path] = left?.split(' ') ?? [];
  const [type, , options] = right?.split(' ') ?? [];
  if (!root || !path || !type) return [];
  return [{ root: unescaped(root), path: unescaped(path), type, options: options?.split(',') ?? [] }];
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Null where the group of this process lies outside of what is mounted, as in some containers. */
function locate(
  path: string,
  version: 1 | 2,
  mounts: Mount[],
  fits: (mount: Mount) => boolean,
): Hierarchy | null {
  const mount = mounts.find(fits);
  if (!mount) return null;
  const below = relative(mount.root, path);
  if (below.startsWith('..')) return null;
  return { version, top: mount.path, own: join(mount.path, below) };
}
