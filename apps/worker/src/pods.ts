import { join } from 'node:path';
import type { BlobStore, CrawlRunner } from '@spiderhub/core';
import { unitLimits } from '@spiderhub/isolation';
import type { Logger, Service, WorkerConfig } from '@spiderhub/platform';
import { createPodRunner, type PodRunner } from '@spiderhub/runners';
import type { Supervisor } from './supervise/supervisor.ts';

export interface PodsOptions {
  config: WorkerConfig;
  blobs: BlobStore;
  /** Known to all workers of this installation, and to nobody else. */
  secret: () => Promise<string>;
  log: Logger;
}

/** Crawls that are Pods of a cluster. */
export interface Pods {
  /** Starts what is to be a Pod as one, and all else where this worker is. */
  beside(runner: Pick<CrawlRunner, 'start'>): Pick<CrawlRunner, 'start'>;
  /** Takes over Pods whose worker is gone. */
  service(supervisor: Pick<Supervisor, 'adopt'>): Service;
}

/** Null where nothing of a cluster is asked for. Throws when the cluster cannot be asked, or does not let us. */
export async function openPods({ config, blobs, secret, log }: PodsOptions): Promise<Pods | null> {
  if (config.CRAWL_PODS === undefined) return null;
  const runner = await makeRunner(config, { blobs, secret: await secret(), log });
  await runner.open().catch((error: Error) => {
    throw new Error(
      `CRAWL_PODS: the Pods of ${config.CRAWL_PODS_NAMESPACE} cannot be listed: ${error.message}`,
    );
  });
  return {
    beside: (other) => ({
      start: (request) => (runner.takes(request.version) ? runner.start(request) : other.start(request)),
    }),
    service: (supervisor) => inheriting(runner, supervisor, (config.LEASE_SECONDS * 1000) / 6, log),
  };
}

async function makeRunner(
  config: WorkerConfig,
  { blobs, secret, log }: { blobs: BlobStore; secret: string; log: Logger },
): Promise<PodRunner> {
  const { KUBERNETES_SERVICE_HOST: host, CRAWL_PODS_IMAGE: image } = config;
  if (host === undefined || image === undefined)
    throw new Error(
      'CRAWL_PODS needs CRAWL_PODS_IMAGE, and a cluster around this worker (KUBERNETES_SERVICE_HOST).',
    );
  return createPodRunner({
    api: { host, port: config.KUBERNETES_SERVICE_PORT, accountDir: config.KUBERNETES_ACCOUNT },
    namespace: config.CRAWL_PODS_NAMESPACE,
    withEggs: config.CRAWL_PODS === 'all',
    baseRequirementsPath: config.SPIDERHUB_REQUIREMENTS,
    image,
    python: config.SPIDERHUB_PYTHON ?? join(config.SPIDERHUB_HOME, 'python/bin/python'),
    launcherDir: config.SPIDERHUB_LAUNCHER,
    secret,
    unit: unitLimits(config),
    blobs,
    maxItemBytes: config.ITEM_MAX_BYTES,
    leaseMs: config.LEASE_SECONDS * 1000,
    startMs: config.CRAWL_PODS_START_SECONDS * 1000,
    lifeSeconds: config.CRAWL_PODS_LIFE_SECONDS,
    stopGraceSeconds: Math.ceil(config.STOP_GRACE_SECONDS),
    log: (message, details) => {
      const { error, ...fields } = details ?? {};
      log.warn({ ...fields, ...(error !== undefined && { err: error }) }, message);
    },
  });
}

/** Looks often enough that a crawl is taken over before its lease is over. */
function inheriting(
  runner: PodRunner,
  supervisor: Pick<Supervisor, 'adopt'>,
  everyMs: number,
  log: Logger,
): Service {
  const complain = (error: unknown) => log.error({ err: error }, 'a Pod could not be taken over');
  const look = async () => {
    for (const orphan of await runner.orphans()) void supervisor.adopt(orphan).catch(complain);
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    name: 'pods',
    async start() {
      await look();
      timer = setInterval(() => void look().catch(complain), everyMs);
    },
    async stop() {
      clearInterval(timer);
      runner.close();
    },
  };
}
