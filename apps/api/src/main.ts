import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { countLiveWorkers, createDatabase, type Database } from '@spiderhub/db';
import { demoPages } from '@spiderhub/demo-site';
import {
  ApiConfig,
  createLogger,
  type Logger,
  pipEnvironment,
  readConfig,
  redisOptions,
  runServices,
  type Service,
} from '@spiderhub/platform';
import { createSignalSender, type SignalSender } from '@spiderhub/queue';
import { createEggInspector, createEnvironments } from '@spiderhub/runners';
import { createApps } from './app.ts';
import { DIALECTS } from './dialects/registry.ts';
import type { Checks } from './http/readiness.ts';
import { createHttpServer } from './http/server.ts';
import { prepareUploadDir } from './http/upload.ts';
import { createParts } from './parts.ts';
import { createServerService, unlessTaken } from './server-service.ts';

/** No call needs so long; one that takes longer is not to take the others' connections and processors away. */
const STATEMENT_MS = 30_000;

// V8 takes requests that wait for a commit for objects that live long and makes all of their kind where only a full
// garbage collection finds them. They live for milliseconds: without that guess they cost half as much to collect.
setFlagsFromString('--no-allocation-site-pretenuring');

/** Composition root: reads the environment, opens what the API needs and serves until it is asked to stop. */
async function main(): Promise<void> {
  const config = readConfig(ApiConfig, process.env);
  const log = createLogger({ name: 'api', level: config.LOG_LEVEL });
  const uploadDir = join(config.SPIDERHUB_HOME, 'tmp/uploads');
  await prepareUploadDir(uploadDir);
  const connections = openConnections(config, log);
  const parts = await createParts({
    ...connections,
    inspector: inspectorOf(config),
    dataDir: join(config.SPIDERHUB_HOME, 'data'),
    uploadDir,
    log,
  });
  const { main: app, alone } = createApps({
    parts,
    dialects: DIALECTS,
    checks: checksOf(connections, uploadDir),
    host: config.HOST,
    publicUrl: config.PUBLIC_URL,
    trustProxy: config.TRUST_PROXY,
    authFailuresPerMinute: config.AUTH_FAILURES_PER_MINUTE,
    pages: config.DEMO_SITE ? { '/demo': demoPages } : {},
  });
  const host = config.HOST;
  const http = createServerService({ server: createHttpServer(app), host, port: config.PORT });
  const services: Service[] = [closing(connections), http];
  const scrapyd = alone.get('scrapyd');
  if (scrapyd && config.SCRAPYD_PORT !== 0) {
    const service = createServerService({
      server: createHttpServer(scrapyd),
      host,
      port: config.SCRAPYD_PORT,
    });
    services.push(unlessTaken({ ...service, name: 'scrapyd' }, config.SCRAPYD_PORT, log));
  }
  await runServices(services, {
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

interface Connections {
  database: Database;
  /** Long downloads hold their connection as long as their reader takes: they must not starve everything else. */
  downloads: Database;
  signals: SignalSender;
}

function openConnections(config: ApiConfig, log: Logger): Connections {
  return {
    database: createDatabase(config.DATABASE_URL, { name: 'spiderhub-api', statementMs: STATEMENT_MS }),
    downloads: createDatabase(config.DATABASE_URL, { name: 'spiderhub-api-downloads' }),
    signals: createSignalSender({
      redis: redisOptions(config.REDIS_URL),
      prefix: config.QUEUE_PREFIX,
      onError: (error) => log.debug({ err: error }, 'redis'),
    }),
  };
}

/** Ends them when everything that uses them has stopped. */
function closing({ database, downloads, signals }: Connections): Service {
  return {
    name: 'connections',
    async start() {},
    async stop() {
      signals.close();
      await Promise.all([database.destroy(), downloads.destroy()]);
    },
  };
}

function inspectorOf(config: ApiConfig) {
  const home = config.SPIDERHUB_HOME;
  const environments = createEnvironments({
    basePython: config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python'),
    envsDir: join(home, 'envs'),
    baseRequirementsPath: config.SPIDERHUB_REQUIREMENTS,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    env: pipEnvironment(process.env),
  });
  return createEggInspector({
    environments,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    workDir: join(home, 'tmp/inspect'),
  });
}

function checksOf({ database, signals }: Connections, uploadDir: string): Checks {
  return {
    database: async () => void (await database.raw('select 1')),
    redis: () => signals.ping(),
    storage: () => access(uploadDir, constants.W_OK),
    worker: async () => {
      if ((await countLiveWorkers(database)) === 0) throw new Error('no worker gave a life sign lately');
    },
  };
}

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
