import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { hasCode } from '@spiderhub/platform';
import { weight } from './group-files.ts';
import { CONTROLLERS, type Controller, type Hierarchy } from './hierarchies.ts';
import { members } from './remove-group.ts';

/** A group of ours, below which every crawl gets its own. */
export interface Subtree {
  version: 1 | 2;
  directory: string;
  controllers: Controller[];
}

/** Where a group of ours may be made, and which controllers it then has. */
export interface Base {
  version: 1 | 2;
  /** The group above ours. */
  directory: string;
  controllers: Controller[];
}

/**
 * Places for groups of ours: those of v2 where it has the controller, else that of v1. In v1 it is below this process's
 * own group. Throws what the kernel says when there is none at all.
 */
export async function findBases(found: {
  v1: Map<Controller, Hierarchy>;
  v2: Hierarchy | null;
}): Promise<Base[]> {
  const unified = found.v2 && (await findUnified(found.v2));
  const bases = unified ? [unified] : [];
  const byDirectory = new Map<string, Base>();
  for (const [controller, { own }] of found.v1) {
    if (unified?.controllers.includes(controller)) continue;
    const base = byDirectory.get(own) ?? { version: 1, directory: own, controllers: [] };
    base.controllers.push(controller);
    byDirectory.set(own, base);
  }
  return [...bases, ...byDirectory.values()];
}

/**
 * In v2 a group has either processes or controllers for groups below it. So ours lies beside our own, in the nearest
 * group above that hands controllers on and that this user may write to: that is what systemd delegates to a user, and
 * what a unit with `DelegateSubgroup=` has. In a container whose groups are its own, its processes make room for it.
 */
async function findUnified(hierarchy: Hierarchy): Promise<Base | null> {
  for (let directory = hierarchy.own; ; directory = dirname(directory)) {
    const handedOn = await controllersIn(directory, 'cgroup.subtree_control');
    if (handedOn.length > 0 && (await isWritable(directory)))
      return { version: 2, directory, controllers: handedOn };
    if (directory === hierarchy.top || directory === dirname(directory)) break;
  }
  return hierarchy.own === hierarchy.top ? handOnInContainer(hierarchy.top) : null;
}

async function handOnInContainer(directory: string): Promise<Base | null> {
  const controllers = await controllersIn(directory, 'cgroup.controllers');
  if (controllers.length === 0 || !(await isWritable(directory))) return null;
  const handOn = () =>
    writeFile(join(directory, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
  await handOn().catch(async (error: unknown) => {
    if (!hasCode(error, 'EBUSY')) throw error;
    await makeRoom(directory);
    await handOn();
  });
  return { version: 2, directory, controllers };
}

/** Moves the processes of a container out of its topmost group. */
async function makeRoom(directory: string): Promise<void> {
  const room = join(directory, 'spiderhub-service');
  await mkdir(room, { recursive: true });
  for (const pid of await members(directory)) {
    await writeFile(join(room, 'cgroup.procs'), String(pid)).catch((error: unknown) => {
      if (!hasCode(error, 'ESRCH')) throw error;
    });
  }
}

/** Makes our group, if it is not there, with as much of the processors for all crawls as so many processes have. */
export async function makeSubtree({ version, directory, controllers }: Base, name: string): Promise<Subtree> {
  const own = join(directory, name);
  await mkdir(own, { recursive: true });
  if (version === 2)
    await writeFile(join(own, 'cgroup.subtree_control'), controllers.map((it) => `+${it}`).join(' '));
  if (controllers.includes('cpu')) {
    const file = weight(version, availableParallelism());
    await writeFile(join(own, file.name), file.value);
  }
  return { version, directory: own, controllers };
}

async function controllersIn(directory: string, file: string): Promise<Controller[]> {
  const text = await readFile(join(directory, file), 'latin1').catch(() => '');
  const names = text.trim().split(/\s+/);
  return CONTROLLERS.filter((name) => names.includes(name));
}

async function isWritable(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK);
    await access(join(directory, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
