import {
  type Access,
  type BlobStore,
  createDeploy,
  type EggInspector,
  type Jobs,
  type Signals,
  type StreamStore,
  type VersionStore,
} from '@spiderhub/core';
import { createScrapydUsers } from '@spiderhub/core/scrapyd';
import { createScrapydStore, createScrapydUserStore, createScrapydView, type Database } from '@spiderhub/db';
import type { Logger, Service } from '@spiderhub/platform';
import type { Router } from 'express';
import type { ApiConfig } from './config.ts';
import { createScrapydApp, createScrapydRouter } from './dialects/scrapyd/router.ts';
import { createDoorkeeper } from './http/doorkeeper.ts';
import { createHttpServer } from './http/server.ts';
import { createThrottle } from './http/throttle.ts';
import { createServerService } from './server-service.ts';

export interface ScrapydParts {
  config: ApiConfig;
  database: Database;
  /** For what may take as long as its reader does. */
  downloads: Database;
  access: Access;
  jobs: Jobs;
  streams: StreamStore;
  signals: Signals;
  inspector: EggInspector;
  blobs: BlobStore;
  versions: VersionStore;
  uploadDir: string;
  log: Logger;
}

export interface ScrapydSide {
  /** For the main port. */
  router: Router;
  /** The port of its own, null when it is switched off. */
  service: Service | null;
}

const LOOPBACK_FACTOR = 10;

/** Puts the Scrapyd dialect together. */
export function createScrapydSide(parts: ScrapydParts): ScrapydSide {
  const { config, database, downloads, access, log } = parts;
  const { jobs, streams, signals, inspector, uploadDir, blobs, versions } = parts;
  const long = createScrapydView(downloads);
  const limit = config.AUTH_FAILURES_PER_MINUTE;
  const publicUrl = config.PUBLIC_URL;
  const router = createScrapydRouter({
    services: {
      jobs,
      streams,
      signals,
      inspector,
      uploadDir,
      log,
      store: createScrapydStore(database),
      view: { ...createScrapydView(database), listing: long.listing, jobs: long.jobs },
      deployInspected: (contents) => createDeploy({ inspect: async () => contents }, blobs, versions),
    },
    auth: {
      access,
      users: createScrapydUsers(createScrapydUserStore(database)),
      doorkeeper: createDoorkeeper(createThrottle({ limit, loopbackLimit: limit * LOOPBACK_FACTOR })),
    },
    publicUrl,
  });
  if (config.SCRAPYD_PORT === 0) return { router, service: null };
  const { HOST: host, TRUST_PROXY: trustProxy } = config;
  const server = createHttpServer(createScrapydApp({ router, log, host, publicUrl, trustProxy }));
  const service = createServerService({ server, host, port: config.SCRAPYD_PORT });
  return { router, service: unlessTaken({ ...service, name: 'scrapyd' }, config.SCRAPYD_PORT, log) };
}

/** The port is Scrapyd's own: one that runs here already keeps it, and everything else of ours works. */
function unlessTaken(service: Service, port: number, log: Logger): Service {
  return {
    ...service,
    async start() {
      try {
        await service.start();
        log.info({ port }, 'scrapyd dialect is ready');
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
        log.warn({ port }, 'the port is taken: the scrapyd dialect is served under /scrapyd/ only');
      }
    },
  };
}
