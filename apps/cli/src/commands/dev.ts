import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { keepFresh, watchFolders } from '@spiderhub/hosting';
import { CHECKOUT } from '@spiderhub/platform';
import type { Settings } from '../config.ts';
import { type Mode, type ServiceName, up } from './up.ts';

const FROM_SOURCES: Mode = {
  program: (name) => [
    '--conditions=@spiderhub/source',
    '--require',
    require.resolve('tsx/cjs'),
    join(CHECKOUT, 'apps', name, 'src/main.ts'),
  ],
  // Crawls go on while their worker starts again.
  env: { WORKER_STOP_MODE: 'handover' },
  keep: (servers, server) => {
    const changes = watchFolders(sourcesOf(server.spec.name as ServiceName));
    return keepFresh(servers, server, changes);
  },
};

/** `spiderhub dev`: like `up` from the sources; a service starts again when a source of it changes. */
export function dev(settings: Settings): Promise<number> {
  return up(settings, FROM_SOURCES);
}

function sourcesOf(name: ServiceName): string[] {
  const packages = readdirSync(join(CHECKOUT, 'packages')).map((each) => join('packages', each, 'src'));
  const own = {
    api: ['apps/api/src', 'examples/demo-site/src'],
    worker: ['apps/worker/src', 'python/launcher'],
  };
  return [...packages, ...own[name]].map((folder) => join(CHECKOUT, folder));
}
