import { mkdtemp, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Boxing } from '@spiderhub/isolation';
import { atMostOnDisk } from './disk-watch.ts';
import { NO_BOX, NO_PROJECT, noBox } from './environments.ts';
import { ownEnvironment } from './files.ts';
import type { ChildResult } from './run-child.ts';
import { runInBox } from './run-in-box.ts';
import { stackName, withoutServerPaths } from './server-paths.ts';
import { killMarked } from './shim-process.ts';

/** In the working directory of list_spiders.py, which reads and removes it before it imports the project. */
const VARIABLES_FILE = '.variables.json';

/** What a project may write while it is imported. */
const MAX_HOME_BYTES = 512 * 1024 ** 2;

export interface ListingOptions {
  boxing: Boxing;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** How long importing the project may take, ms. */
  timeoutMs: number;
}

export interface Listing {
  /** Whose code it is; null for a project that is only made when the egg is good. */
  project: number | null;
  /** Python of its environment, and of the stack below it. */
  python: string;
  stackPython: string;
  /** The project's own unpacked egg comes first. */
  eggs: string[];
  settingsModule: string;
  /** Environment variables of the project. */
  variables: Record<string, string>;
}

/**
 * Imports a project in a box that has no network and shows its eggs, its environment, and an empty home below `directory`.
 * Its words come without paths of this machine.
 */
export async function listSpiders(
  directory: string,
  listing: Listing,
  { boxing, launcherDir, timeoutMs }: ListingOptions,
): Promise<ChildResult> {
  const { project, python, stackPython, eggs, settingsModule, variables } = listing;
  // Each listing has one of its own: what a project left in an older one is not to be met with this user's rights.
  const home = await mkdtemp(join(directory, 'home-'));
  // Not in the environment of a process, which others of this user can read as long as it runs.
  await writeFile(join(home, VARIABLES_FILE), JSON.stringify(variables), { mode: 0o600 });
  const program = {
    project: project ?? NO_PROJECT,
    python: stackPython,
    readonly: [launcherDir, ...ownEnvironment(python, stackPython), ...eggs],
    writable: [home],
    tmp: home,
    network: 'none' as const,
  };
  const env = {
    LANG: 'C.UTF-8',
    PATH: [dirname(python), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: home,
    TMPDIR: home,
    PYTHONPATH: eggs.join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    SCRAPY_SETTINGS_MODULE: settingsModule,
  };
  const argv = [python, join(launcherDir, 'list_spiders.py'), '3', eggs[0] as string];
  const box = await boxing.ofProgram(program);
  const watch = atMostOnDisk([home], MAX_HOME_BYTES);
  const how = { python: stackPython, launcherDir, directory, timeoutMs, watch };
  try {
    const run = await runInBox({ argv, env, cwd: home, box }, how);
    if (run.code === NO_BOX) throw noBox(run.tail);
    return { ...run, tail: withoutServerPaths(namesOf(directory, home, listing, launcherDir))(run.tail) };
  } finally {
    // Should whoever looks after them have been killed where there is no box.
    if (!box) await killMarked(`TMPDIR=${home}`);
  }
}

function namesOf(
  directory: string,
  home: string,
  { python, stackPython, eggs }: Listing,
  launcherDir: string,
) {
  return {
    ...Object.fromEntries(eggs.map((egg) => [`${egg}/`, ''])),
    [home]: '~',
    [directory]: 'eggs',
    ...stackName(stackPython),
    ...Object.fromEntries(ownEnvironment(python, stackPython).map((path) => [path, 'environment'])),
    [dirname(launcherDir)]: 'spiderhub',
  };
}
