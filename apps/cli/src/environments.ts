import { join } from 'node:path';
import { CHECKOUT } from '@spiderhub/platform';
import { createEnvironments, type Environments } from '@spiderhub/runners';
import type { CliConfig } from './config.ts';

/** Environments of crawls as the service on this home makes them. */
export function environmentsOf({ SPIDERHUB_HOME: home, SPIDERHUB_PYTHON }: CliConfig): Environments {
  return createEnvironments({
    basePython: SPIDERHUB_PYTHON ?? join(home, 'python/bin/python'),
    envsDir: join(home, 'envs'),
    baseRequirementsPath: join(CHECKOUT, 'python/requirements.txt'),
    launcherDir: join(CHECKOUT, 'python/launcher'),
  });
}
