import cluster from 'node:cluster';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { readSecretKeys } from '@spiderhub/core';
import {
  countLiveWorkers,
  createDatabase,
  createSegmentIndex,
  type Database,
  databaseProblem,
  isolationOfWorkers,
} from '@spiderhub/db';
import { demoPages } from '@spiderhub/demo-site';
import {
  type Boxing,
  boxingFromConfig,
  type IsolationReport,
  limitsFromConfig,
  weakestOf,
  withLimits,
} from '@spiderhub/isolation';
import { createMailer } from '@spiderhub/mail';
import { createIdentityProvider } from '@spiderhub/openid';
import {
  ApiConfig,
  createLogger,
  databaseAddress,
  keepPrivate,
  type Logger,
  limitDefaults,
  pipEnvironment,
  readConfig,
  redisOptions,
  runServices,
  type Service,
  secretsKeyText,
  untilAnswered,
} from '@spiderhub/platform';
import {
  createFailureCounts,
  createRedisGuard,
  createSignalListener,
  createSignalSender,
  createUsageCounts,
  type QueueOptions,
  type RedisFailureCounts,
  type RedisUsageCounts,
  type SignalListener,
  type SignalSender,
} from '@spiderhub/queue';
import { createEggInspector, createEnvironments } from '@spiderhub/runners';
import { openStorage, type Storage } from '@spiderhub/storage';
import type { Express } from 'express';
import { type Apps, createApps } from './app.ts';
import { DIALECTS } from './dialects/registry.ts';
import type { Checks } from './http/readiness.ts';
import { createHttpServer } from './http/server.ts';
import { prepareUploadDir } from './http/upload.ts';
import type { Hints } from './live/event-hub.ts';
import { createParts, type Parts } from './parts.ts';
import { Processes, watchSiblings } from './processes.ts';
import { createServerService, unlessTaken } from './server-service.ts';

/** No call needs so long; one that takes longer is not to take the others' connections and processors away. */
const STATEMENT_MS = 30_000;
/** Searches at once. */
const MAX_SEARCHES = 3;

// V8 takes requests that wait for a commit for objects that live long and makes all of their kind where only a full
// garbage collection finds them. They live for milliseconds: without that guess they cost half as much to collect.
setFlagsFromString('--no-allocation-site-pretenuring');

/** Composition root: reads the environment, and serves until it is asked to stop, alone or as several processes. */
async function main(): Promise<void> {
  const config = readConfig(ApiConfig, process.env);
  const log = createLogger({ name: 'api', level: config.LOG_LEVEL });
  await findSchema(config, log);
  if (config.API_PROCESSES > 1 && cluster.isPrimary) await runProcesses(config, log);
  else await serve(config, log);
  // A channel to a parent process would keep this one alive.
  process.channel?.unref();
}

/** Postgres may start at the same time as we do. Throws when its tables are not those that this program knows. */
async function findSchema(config: ApiConfig, log: Logger): Promise<void> {
  const problem = await untilAnswered(() => databaseProblem(databaseAddress(config)), log);
  if (problem) throw new Error(problem);
}

/** A process needs its whole grace; the parent waits a little longer. */
const EXTRA_GRACE_MS = 5000;

async function runProcesses(config: ApiConfig, log: Logger): Promise<void> {
  const processes = new Processes({ count: config.API_PROCESSES, log });
  await runServices([processes], {
    log,
    graceMs: config.SHUTDOWN_GRACE_SECONDS * 1000 + EXTRA_GRACE_MS,
    onReady: () => tellReady(processes.url(), log),
  });
}

/** Opens what the API needs, and serves. */
async function serve(config: ApiConfig, log: Logger): Promise<void> {
  for (const words of keepPrivate(config.SPIDERHUB_HOME)) log.warn(words);
  const limiting = await limitsFromConfig(config);
  const boxing = withLimits(await boxingFromConfig(config), limiting);
  const uploadDir = join(config.SPIDERHUB_HOME, 'tmp/uploads');
  await prepareUploadDir(uploadDir);
  const connections = openConnections(config, log);
  const storage = openStorage(config, {
    index: createSegmentIndex(connections.database),
    onError: (err) => log.warn({ err }, 'an object could not be stored yet'),
  });
  void storage.ping().catch((err: unknown) => log.warn({ err }, 'the storage cannot be used'));
  const parts = await createParts({
    ...connections,
    limits: { defaults: limitDefaults(config), counts: connections.usageCounts },
    mailer: createMailer(config),
    openId: await openIdOf(config),
    inspector: inspectorOf(config, boxing),
    secretKeys: async () => readSecretKeys(await secretsKeyText(config)) ?? [],
    storage,
    uploadDir,
    maxItemBytes: config.ITEM_MAX_BYTES,
    isolation: boxing.report.level,
    log,
  });
  const ofWorkers = watchWorkers(connections);
  const apps = createApps({
    parts,
    dialects: DIALECTS,
    checks: { ...checksOf(connections, storage, uploadDir), worker: ofWorkers.check },
    isolation: () => weakestOf([boxing.report, ...ofWorkers.isolation()]),
    host: config.HOST,
    publicUrl: config.PUBLIC_URL,
    trustProxy: config.TRUST_PROXY,
    authFailuresPerMinute: config.AUTH_FAILURES_PER_MINUTE,
    downloadsPerCaller: config.DOWNLOADS_PER_CALLER,
    failureCounts: connections.failureCounts,
    pages: config.DEMO_SITE ? { '/demo': demoPages } : {},
  });
  const http = listening(apps.main, config.HOST, config.PORT);
  const scrapyd = scrapydPort(apps, config, log);
  const limits = { name: 'limits', start: async () => {}, stop: () => limiting.close() };
  // The first to stop: a server waits for its answers, and these go on for as long as somebody listens.
  const live = { name: 'live streams', start: async () => {}, stop: async () => parts.live.close() };
  const first = [limits, closing(connections, storage, parts), connections.guard];
  await runServices([...first, http, ...(scrapyd ? [scrapyd] : []), live], {
    log,
    graceMs: config.SHUTDOWN_GRACE_SECONDS * 1000,
    onReady: () => tellReady(http.url(), log),
  });
}

/** To whoever started this process and waits. */
function tellReady(url: string, log: Logger): void {
  // One of several speaks to its parent, which tells the world when all are there.
  if (!cluster.isWorker) log.info({ url }, 'api is ready');
  process.send?.({ ready: true, url });
}

function listening(app: Express, host: string, port: number) {
  return createServerService({ server: createHttpServer(app), host, port });
}

/** Null when it is switched off. */
function scrapydPort({ alone }: Apps, { HOST, SCRAPYD_PORT }: ApiConfig, log: Logger): Service | null {
  const app = alone.get('scrapyd');
  if (!app || SCRAPYD_PORT === 0) return null;
  const service = listening(app, HOST, SCRAPYD_PORT);
  return unlessTaken({ ...service, name: 'scrapyd' }, SCRAPYD_PORT, log);
}

interface Connections {
  database: Database;
  /** Long downloads hold their connection as long as their reader takes: they must not starve everything else. */
  downloads: Database;
  /** A search that looks at millions of jobs keeps others waiting only when they search, too. */
  searches: Database;
  signals: SignalSender;
  /** Tells that something may have happened. */
  hints: Hints;
  listener: SignalListener;
  failureCounts: RedisFailureCounts;
  usageCounts: RedisUsageCounts;
  /** Ends the start where Redis is of a kind that cannot be used. */
  guard: Service;
}

/** What cannot work is not tried for ever. */
function giveUp(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** One connection to Redis for all who want to hear. */
function hintsFrom(queue: QueueOptions): Pick<Connections, 'hints' | 'listener'> {
  const listeners = new Set<() => void>();
  const listener = createSignalListener({
    ...queue,
    onEvent: () => {
      for (const hear of listeners) hear();
    },
  });
  return {
    listener,
    hints(hear) {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
}

function openConnections(config: ApiConfig, log: Logger): Connections {
  const queue: QueueOptions = {
    redis: redisOptions(config),
    prefix: config.QUEUE_PREFIX,
    onError: (error) => log.debug({ err: error }, 'redis'),
  };
  const { url, directUrl, pooled } = databaseAddress(config);
  const hurried = { statementMs: STATEMENT_MS, pooled };
  return {
    database: createDatabase(url, { name: 'spiderhub-api', ...hurried }),
    // A pooler could give nobody else what a reader holds for long.
    downloads: createDatabase(directUrl, { name: 'spiderhub-api-downloads' }),
    searches: createDatabase(url, {
      name: 'spiderhub-api-searches',
      maxConnections: MAX_SEARCHES,
      ...hurried,
    }),
    guard: createRedisGuard(queue.redis, giveUp),
    signals: createSignalSender(queue),
    ...hintsFrom(queue),
    failureCounts: createFailureCounts(queue),
    usageCounts: createUsageCounts(queue),
  };
}

/** Ends them when everything that uses them has stopped. */
function closing(connections: Connections, storage: Storage, { keyUses, refusals }: Parts): Service {
  const { database, downloads, searches, signals, listener, failureCounts, usageCounts } = connections;
  return {
    name: 'connections',
    async start() {},
    async stop() {
      await Promise.all([keyUses.flush(), refusals.flush(), storage.settled()]);
      signals.close();
      listener.close();
      failureCounts.close();
      usageCounts.close();
      await Promise.all([database, downloads, searches].map((pool) => pool.destroy()));
    },
  };
}

/** Null where no provider is set up. Throws when the file of its secret cannot be read. */
async function openIdOf(config: ApiConfig) {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_SECRET_FILE: file } = config;
  if (issuer === undefined) return null;
  const secret = file === undefined ? config.OIDC_CLIENT_SECRET : (await readFile(file, 'utf8')).trim();
  const provider = createIdentityProvider({
    issuer,
    id: config.OIDC_CLIENT_ID ?? '',
    secret: secret ?? '',
    scope: config.OIDC_SCOPE,
    groupsClaim: config.OIDC_GROUPS_CLAIM,
  });
  const rules = {
    name: config.OIDC_NAME,
    domains: config.OIDC_ALLOWED_DOMAINS.map((domain) => domain.toLowerCase()),
    groups: config.OIDC_ALLOWED_GROUPS,
    newUsers: config.OIDC_NEW_USERS,
  };
  return { provider, rules };
}

function inspectorOf(config: ApiConfig, boxing: Boxing) {
  const home = config.SPIDERHUB_HOME;
  const environments = createEnvironments({
    basePython: config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python'),
    envsDir: join(home, 'envs'),
    baseRequirementsPath: config.SPIDERHUB_REQUIREMENTS,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    env: pipEnvironment(process.env),
    wheelsOnly: config.REQUIREMENTS_WHEELS_ONLY,
    boxing,
  });
  return createEggInspector({
    environments,
    boxing,
    launcherDir: config.SPIDERHUB_LAUNCHER,
    workDir: join(home, 'tmp/inspect'),
  });
}

function checksOf({ database, signals }: Connections, storage: Storage, uploadDir: string): Checks {
  const allListen = watchSiblings();
  return {
    processes: async () => {
      if (!allListen()) throw new Error('not all processes of the API listen');
    },
    database: async () => void (await database.raw('select 1')),
    redis: () => signals.ping(),
    storage: async () => {
      await access(uploadDir, constants.W_OK);
      await storage.ping();
    },
  };
}

/** Whether there is a worker, and what those that are there say of the code that they run. */
function watchWorkers({ database }: Connections) {
  let reports: IsolationReport[] = [];
  return {
    isolation: () => reports,
    async check() {
      reports = (await isolationOfWorkers(database)) as IsolationReport[];
      if ((await countLiveWorkers(database)) === 0) throw new Error('no worker gave a life sign lately');
    },
  };
}

void main().catch((error: unknown) => giveUp(error instanceof Error ? error.message : String(error)));
