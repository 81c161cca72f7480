import { join } from 'node:path';
import type { Limiting } from '@spiderhub/isolation';
import type { Service } from '@spiderhub/platform';
import { namesIn } from './sweep/in-use.ts';

/** What limits add to the machine: at the start what dead workers left of it goes, at the end all of it. */
export function limitsOfCrawls(limiting: Limiting, workRoot: string): Service {
  return {
    name: 'limits',
    async start() {
      await limiting.sweep(() => attemptsBelow(workRoot));
    },
    stop: () => limiting.close(),
  };
}

/** Names of the job directories of this machine's workers: who comes back takes their crawls over. */
async function attemptsBelow(workRoot: string): Promise<Set<string>> {
  const folders = await namesIn(workRoot);
  const names = await Promise.all(folders.map((folder) => namesIn(join(workRoot, folder))));
  return new Set(names.flat());
}
