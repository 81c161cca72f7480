import { readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

interface Launch {
  argv?: string[];
  env?: { PYTHONPATH?: string };
}

/**
 * Directories of environments and unpacked eggs that a crawl of any worker needs, as its launch file says: a crawl may
 * import from them until it ends. `workRoot` holds a folder for each machine, and these one for each worker.
 */
export async function directoriesInUse(workRoot: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const place of await namesIn(workRoot)) {
    for (const worker of await namesIn(join(workRoot, place))) {
      const folder = join(workRoot, place, worker);
      for (const job of await namesIn(folder)) {
        if (!/^\d+-\d+$/.test(job)) continue;
        for (const directory of await needsOf(join(folder, job, 'launch.json'))) found.add(directory);
      }
    }
  }
  return found;
}

async function needsOf(launchFile: string): Promise<string[]> {
  try {
    const { argv, env } = JSON.parse(await readFile(launchFile, 'utf8')) as Launch;
    const eggs = env?.PYTHONPATH?.split(delimiter) ?? [];
    // <hash>/<name>.egg, and <environment>/bin/python
    const environment = dirname(dirname(argv?.[0] ?? ''));
    // One with requirements stands on its stack's.
    const base = await readFile(join(environment, 'base'), 'utf8').catch(() => '');
    return [...eggs.flatMap((egg) => [egg, dirname(egg)]), environment, base];
  } catch {
    // The crawl is just beginning, and what it needs was used a moment ago; or it is over.
    return [];
  }
}

/** Names in a directory; none when it is no directory, or gone. */
export function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
