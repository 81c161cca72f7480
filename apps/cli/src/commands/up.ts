import { join } from 'node:path';
import { newSecretKey } from '@spiderhub/core';
import {
  choosePort,
  chooseScrapydPort,
  createServers,
  type Home,
  keepAlive,
  localUrl,
  openHome,
  type Server,
  type ServerSpec,
  type Servers,
  say,
  serverAccount,
  UserError,
  untilReady,
  withServers,
} from '@spiderhub/hosting';
import { type IsolationReport, isolationLines } from '@spiderhub/isolation';
import {
  ApiConfig,
  CHECKOUT,
  checkConfigs,
  ensureSecretsFile,
  releaseLock,
  takeLock,
  WorkerConfig,
} from '@spiderhub/platform';
import { type CliConfig, givenDatabase, type Settings } from '../config.ts';
import { ensureDemo } from '../demo.ts';
import { type Stack, startStack } from '../stack.ts';
import { migrateDatabase } from './migrate.ts';

export type ServiceName = 'api' | 'worker';

/** How the services run. */
export interface Mode {
  /** Arguments of Node that start a service. */
  program(name: ServiceName): string[];
  /** What the services are told when the environment does not say. */
  env: NodeJS.ProcessEnv;
  /** Looks after a service that has started, until all stop. */
  keep(servers: Servers, server: Server): Promise<void>;
}

const AS_BUILT: Mode = {
  program: (name) => [join(CHECKOUT, 'apps', name, 'dist/main.js')],
  env: {},
  keep: keepAlive,
};

/** `spiderhub up`: everything on this machine, until a signal comes. */
export async function up(settings: Settings, mode = AS_BUILT): Promise<number> {
  const { config } = settings;
  checkServiceConfigs(settings);
  const home = openHome(config.SPIDERHUB_HOME, serverAccount());
  lockHome(home);
  const servers = createServers(home);
  try {
    return await withServers(
      servers,
      () => start(settings, home, servers, mode),
      async (demo, asked) => {
        process.stdout.write(welcome(demo, home));
        await asked.promise;
        say('Stopping');
        return 0;
      },
    );
  } finally {
    releaseLock(home.lock);
  }
}

/** What is wrong for a service is said before anything is started. Servers that are not given, we bring along. */
function checkServiceConfigs({ config, env }: Settings): void {
  givenDatabase(config);
  const ours = { DATABASE_URL: 'postgresql:///', REDIS_URL: 'redis://localhost' };
  checkConfigs([ApiConfig, WorkerConfig], { ...ours, ...env });
}

function lockHome(home: Home): void {
  const holder = takeLock(home.lock);
  if (!holder) return;
  throw new UserError(
    `Spiderhub already runs on ${home.path} (process ${holder.pid}): stop it first, or set another SPIDERHUB_HOME`,
  );
}

type Started = Awaited<ReturnType<typeof ensureDemo>>;

async function start(settings: Settings, home: Home, servers: Servers, mode: Mode): Promise<Started> {
  const { config, env } = settings;
  await servers.endLeftovers();
  const port = await choosePort(config.HOST, config.PORT);
  const scrapydPort = await chooseScrapydPort(config.HOST, config.SCRAPYD_PORT);
  const stack = await startStack({ config, home, servers });
  const databaseUrl = givenDatabase(config)?.directUrl ?? stack.databaseUrl;
  await migrateDatabase(databaseUrl);
  if (config.SECRETS_KEY === undefined) await ensureSecretsFile(config.SPIDERHUB_HOME, newSecretKey());
  const url = localUrl(config.HOST, port);
  // The demo site is what the demo spiders crawl, so that the demo needs no internet.
  const serviceEnv = {
    DEMO_SITE: 'true',
    ...mode.env,
    ...env,
    ...serviceVariables(config, stack, url),
    PORT: String(port),
    SCRAPYD_PORT: String(scrapydPort),
  };
  const api = servers.start(nodeSpec('api', serviceEnv, config, mode));
  // Crawls run here and need no detour over the address that others see.
  const worker = servers.start(nodeSpec('worker', { ...serviceEnv, PUBLIC_URL: url }, config, mode));
  const said = await Promise.race([worker.ready, worker.ended.then(() => failedStart(worker))]);
  for (const line of isolationLines(said.isolation as IsolationReport)) say(line);
  // The API calls itself ready when somebody is there to run jobs.
  await untilReady(api, () => readiness(`${url}/readyz`));
  const demo = await ensureDemo({ ...stack, databaseUrl, url, home: home.path });
  for (const server of stack.started) void keepAlive(servers, server);
  for (const service of [api, worker]) void mode.keep(servers, service);
  return demo;
}

/** What the services are told beyond the environment that we were given ourselves. */
function serviceVariables(config: CliConfig, stack: Stack, url: string): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: stack.databaseUrl,
    REDIS_URL: stack.redisUrl,
    SPIDERHUB_HOME: config.SPIDERHUB_HOME,
    SPIDERHUB_PYTHON: stack.python,
    HOST: config.HOST,
    PUBLIC_URL: config.PUBLIC_URL ?? url,
    SITE_URL: config.PUBLIC_URL ?? url,
    WORKER_SLOTS: String(config.WORKER_SLOTS),
    LOG_LEVEL: config.LOG_LEVEL,
  };
}

/** Services stop within their own grace time; ours only ends those that hang. */
const EXTRA_GRACE_SECONDS = 20;

function nodeSpec(name: ServiceName, env: NodeJS.ProcessEnv, config: CliConfig, mode: Mode): ServerSpec {
  return {
    name,
    command: process.execPath,
    args: mode.program(name),
    env,
    account: null,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: graceSeconds(name, config) * 1000,
    tellsReady: true,
  };
}

function graceSeconds(name: ServiceName, config: CliConfig): number {
  const drains = name === 'worker' && config.WORKER_STOP_MODE === 'drain';
  return config.SHUTDOWN_GRACE_SECONDS + EXTRA_GRACE_SECONDS + (drains ? config.DRAIN_SECONDS : 0);
}

/** Whether the API is ready, or the names of what it lacks. */
async function readiness(url: string): Promise<boolean | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    const { missing } = (await response.json()) as { missing: string[] };
    return response.ok || missing.join(', ');
  } catch {
    return false;
  }
}

function failedStart(server: Server): never {
  throw new UserError(`${server.spec.name} did not start:\n${server.lastWords()}`);
}

function welcome({ url, apikey, project, spider, signInToken }: Started, home: Home): string {
  const curl = `curl -u ${apikey}:`;
  return `
Spiderhub is ready. Open this link, which signs you in once, within a day, as the demo's owner:

  ${url}/sign-in#token=${signInToken}

  API key   ${apikey}
  Project   ${project}, with the demo spider "${spider}"

From a script: schedule a job, watch it, fetch its items:

  ${curl} ${url}/api/schedule.json -d project=${project} -d spider=${spider} -d add_tag=sometag
  ${curl} "${url}/api/jobs/list.json?project=${project}&count=10"
  ${curl} "${url}/api/items.json?project=${project}&job=${project}/1/1&count=5"

Logs are in ${home.logs}. Ctrl-C stops everything.
`;
}
