import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createAccess, createDeploy, createJobs, TALLIES } from '@spiderhub/core';
import {
  countLiveWorkers,
  createAccessStore,
  createClaimStore,
  createDatabase,
  createJobStore,
  createJobView,
  createVersionStore,
  sharedSecret,
} from '@spiderhub/db';
import { createLogger, readConfig, redisOptions, runServices, type Service } from '@spiderhub/platform';
import { createSignalSender } from '@spiderhub/queue';
import { checkZip, createEggInspector, createEnvironments } from '@spiderhub/runners';
import { createFsBlobStore, createFsStreamStore } from '@spiderhub/storage';
import { createJobTokens } from '@spiderhub/tokens';
import { createApp } from './app.ts';
import { ApiConfig } from './config.ts';
import { demoPages } from './demo-pages.ts';
import { createStorageDialect } from './dialects/hubstorage/dialect.ts';
import { scrapinghub } from './dialects/jobs-api/dialect.ts';
import { withExtras } from './dialects/jobs-api/extras.ts';
import { createHttpServer } from './http/server.ts';
import { prepareUploadDir } from './http/upload.ts';
import { createScrapydSide } from './scrapyd.ts';
import { createServerService } from './server-service.ts';
import { createExtraParts, createStorageParts } from './storage-parts.ts';

/** No call needs so long; one that takes longer is not to take the others' connections and processors away. */
const STATEMENT_MS = 30_000;

// V8 takes requests that wait for a commit for objects that live long and makes all of their kind where only a full
// garbage collection finds them. They live for milliseconds: without that guess they cost half as much to collect.
setFlagsFromString('--no-allocation-site-pretenuring');

/** Composition root: reads the environment, opens what the API needs and serves until it is asked to stop. */
async function main(): Promise<void> {
  const config = readConfig(ApiConfig, process.env);
  const log = createLogger({ name: 'api', level: config.LOG_LEVEL });
  const home = config.SPIDERHUB_HOME;
  const python = config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python');
  const uploadDir = join(home, 'tmp/uploads');
  await prepareUploadDir(uploadDir);

  const database = createDatabase(config.DATABASE_URL, { name: 'spiderhub-api', statementMs: STATEMENT_MS });
  // Long downloads hold their connection as long as their reader takes: they must not starve everything else.
  const downloads = createDatabase(config.DATABASE_URL, { name: 'spiderhub-api-downloads' });
  const signals = createSignalSender({
    redis: redisOptions(config.REDIS_URL),
    prefix: config.QUEUE_PREFIX,
    onError: (error) => log.debug({ err: error }, 'redis'),
  });
  const blobs = createFsBlobStore({ root: join(home, 'data/blobs') });
  const versions = createVersionStore(database);
  const environments = createEnvironments({
    basePython: python,
    envsDir: join(home, 'envs'),
    baseRequirementsPath: config.SPIDERHUB_REQUIREMENTS,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    env: pipEnvironment(process.env),
  });
  const inspector = createEggInspector({
    environments,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    workDir: join(home, 'tmp/inspect'),
  });
  const view = createJobView(database);
  const downloadView = createJobView(downloads);
  const extras = createExtraParts(database, blobs, checkZip);
  const jobTokens = createJobTokens(await sharedSecret(database, 'job-token'));
  const accessControl = createAccess(createAccessStore(database));
  const jobs = createJobs(
    createJobStore(database),
    { ...view, stream: (filter, page) => downloadView.stream(filter, page) },
    signals,
  );
  const streams = createFsStreamStore({ root: join(home, 'data/streams'), tallies: TALLIES });
  const scrapyd = createScrapydSide({
    config,
    database,
    downloads,
    access: accessControl,
    jobs,
    streams,
    signals,
    inspector,
    blobs,
    versions,
    uploadDir,
    log,
  });

  const app = createApp({
    services: {
      access: accessControl,
      jobs,
      claims: createClaimStore(database),
      deploy: createDeploy(inspector, blobs, versions, extras.eggs),
      versions,
      streams,
      uploadDir,
      log,
      now: () => new Date(),
    },
    dialects: [
      withExtras(scrapinghub, extras),
      createStorageDialect(createStorageParts(database, signals, jobTokens)),
    ],
    checks: {
      database: async () => void (await database.raw('select 1')),
      redis: () => signals.ping(),
      storage: () => access(uploadDir, constants.W_OK),
      worker: async () => {
        if ((await countLiveWorkers(database)) === 0) throw new Error('no worker gave a life sign lately');
      },
    },
    host: config.HOST,
    publicUrl: config.PUBLIC_URL,
    trustProxy: config.TRUST_PROXY,
    authFailuresPerMinute: config.AUTH_FAILURES_PER_MINUTE,
    pages: { '/scrapyd': scrapyd.router, ...(config.DEMO_SITE && { '/demo': demoPages }) },
  });

  const connections: Service = {
    name: 'connections',
    async start() {},
    async stop() {
      signals.close();
      await Promise.all([database.destroy(), downloads.destroy()]);
    },
  };
  const http = createServerService({ server: createHttpServer(app), host: config.HOST, port: config.PORT });

  await runServices([connections, http, ...(scrapyd.service ? [scrapyd.service] : [])], {
    log,
    graceMs: config.SHUTDOWN_GRACE_SECONDS * 1000,
    onReady: () => {
      log.info({ url: http.url() }, 'api is ready');
      process.send?.({ ready: true, url: http.url() });
    },
  });
  // The channel to a parent process would keep this one alive.
  if (process.connected) process.disconnect();
}

/** What pip needs to reach its index; nothing else of our environment reaches it. */
function pipEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const wanted =
    /^(PIP_\w+|UV_\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => wanted.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
