import { join } from 'node:path';
import type { BlobStore, CrawlRunner } from '@spiderhub/core';
import type { Boxing, Limiting, OpenWayToRegistry } from '@spiderhub/isolation';
import type { Logger, WorkerConfig } from '@spiderhub/platform';
import { createEnvironments, createForkServers, createProcessRunner } from '@spiderhub/runners';

export interface RunnersOptions {
  config: WorkerConfig;
  /** What pip needs of our environment. */
  pipEnv: Record<string, string>;
  /** What a container engine needs of it. */
  engineEnv: Record<string, string>;
  /** The folder of this worker; the socket of its fork server lies there. */
  ownFolder: string;
  /** Decides in which box crawls run. */
  boxing: Boxing;
  /** Decides what crawls may use. */
  limiting: Limiting;
  /** How images are fetched; null where nothing is kept from crawls either. */
  wayToRegistry: OpenWayToRegistry | null;
  /** Where eggs come from. */
  blobs: BlobStore;
  log: Logger;
}

/** Makes runners of crawls, one for each folder of job directories. All else they share. */
export function createRunners({
  config,
  pipEnv,
  engineEnv,
  ownFolder,
  boxing,
  limiting,
  wayToRegistry,
  blobs,
  log,
}: RunnersOptions): (folder: string) => CrawlRunner {
  const home = config.SPIDERHUB_HOME;
  const python = config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python');
  const launcherDir = config.SPIDERHUB_LAUNCHER;
  const note = (message: string, details?: Record<string, unknown>) => log.info(details ?? {}, message);
  const environments = createEnvironments({
    basePython: python,
    envsDir: join(home, 'envs'),
    baseRequirementsPath: config.SPIDERHUB_REQUIREMENTS,
    launcherDir,
    env: pipEnv,
    wheelsOnly: config.REQUIREMENTS_WHEELS_ONLY,
    boxing,
  });
  const forkServers =
    config.CRAWL_START === 'fork'
      ? createForkServers({ python, launcherDir, directory: ownFolder, log: note })
      : undefined;
  const containers = config.CONTAINER_ENGINE && {
    engine: { command: config.CONTAINER_ENGINE, env: engineEnv, wayToRegistry },
    cpusPerUnit: config.UNIT_CPUS,
  };
  return (folder) =>
    createProcessRunner({
      python,
      launcherDir,
      workDir: folder,
      keptDir: join(home, 'data/folders'),
      maxItemBytes: config.ITEM_MAX_BYTES,
      environments,
      blobs,
      forkServers,
      containers,
      boxing,
      limiting,
      log: note,
    });
}
