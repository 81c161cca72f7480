import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Storage } from '@spiderhub/storage';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { bucketIfWanted, storageAt } from './s3-bucket.ts';
import { makeTeam, type Team } from './team.ts';

const CHECKOUT = resolve(__dirname, '../..');

/** One built process of the service (`api` or `worker`), with an environment of its own. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Polite stop; resolves when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface Service {
  url: string;
  home: string;
  db: TestDatabase;
  team: Team;
  /** Streams and blobs of the service, past its processes. */
  storage: Storage;
  /** Environment of the processes, for starting more of them. */
  env: NodeJS.ProcessEnv;
  api: ServiceProcess;
  /** Another API at the same address, when the first is gone. */
  startApiAgain(): Promise<void>;
  startWorker(env?: NodeJS.ProcessEnv): Promise<ServiceProcess>;
  /** SIGKILL for every worker process. */
  killWorkers(): Promise<void>;
  /** `fetch` of a path with the team's key. A form is sent as POST. */
  call(path: string, form?: Record<string, string | string[]> | FormData, key?: string): Promise<Response>;
  /** Stops everything and throws when a process was left behind. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** No worker when 0. */
  workers?: number;
  env?: NodeJS.ProcessEnv;
  /** Spiders of the team, as if deployed; none by default. */
  spiders?: string[];
  /** How the processes reach their database, when not straight. */
  reach?: (databaseUrl: string) => Promise<NodeJS.ProcessEnv>;
}

/** Starts an API and workers from their builds, on a database, a Redis prefix and a home of their own. */
export async function startService({
  workers = 1,
  env = {},
  spiders = [],
  reach = async () => ({}),
}: ServiceOptions = {}): Promise<Service> {
  const db = await createTestDatabase();
  const home = await mkdtemp(join(process.env.SPIDERHUB_TEST_HOME ?? tmpdir(), 'sh-'));
  const team = await makeTeam(db.database, 'acme', spiders);
  if (spiders.length === 0) await db.database('versions').delete();
  const processes: ServiceProcess[] = [];
  const objects = env.STORAGE_URL ? null : await bucketIfWanted();
  const common: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: db.url,
    SPIDERHUB_HOME: home,
    QUEUE_PREFIX: `test-${home.slice(-6)}`,
    LOG_LEVEL: 'info',
    WORKER_SLOTS: '2',
    DEMO_SITE: 'true',
    // The sites that tests crawl are on this machine.
    NETWORK_ALLOW: '127.0.0.1:*',
    PORT: '0',
    HOST: '127.0.0.1',
    SCRAPYD_PORT: '0',
    ...objects?.env,
    ...env,
    ...(await reach(db.url)),
  };

  async function start(app: 'api' | 'worker', more: NodeJS.ProcessEnv = {}) {
    const started = await startProcess(
      app,
      { ...common, ...more },
      join(home, `${app}-${processes.length}.log`),
    );
    processes.push(started.process);
    return started;
  }

  const api = await start('api');
  const url = api.message.url as string;
  common.PUBLIC_URL = url;
  for (let i = 0; i < workers; i++) await start('worker');

  const service: Service = {
    url,
    home,
    db,
    team,
    storage: storageAt(common, db.database),
    env: common,
    api: api.process,
    async startApiAgain() {
      service.api = (await start('api', { PORT: new URL(url).port })).process;
    },
    startWorker: async (more) => (await start('worker', more)).process,
    async killWorkers() {
      await Promise.all(processes.filter((one) => one !== service.api).map((one) => one.kill()));
    },
    call: (path, form, key = team.key) => callService(url, path, form, key),
    async stop() {
      for (const running of processes.reverse()) await running.stop();
      await db.close();
      await objects?.close();
      // A crawl's own folder is emptied by its shim, which may be the last to go.
      if (!process.env.SPIDERHUB_KEEP)
        await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
  return service;
}

async function startProcess(app: string, env: NodeJS.ProcessEnv, logPath: string) {
  const log = await open(logPath, 'w');
  const child = spawn(process.execPath, [join(CHECKOUT, 'apps', app, 'dist/main.js')], {
    env,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  const gone = once(child, 'exit');
  await log.close();
  const ready = once(child, 'message');
  const first = await Promise.race([ready, gone.then(() => null)]);
  if (first === null) throw new Error(`${app} did not start:\n${await readFile(logPath, 'utf8')}`);

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await gone;
    }
  }
  return {
    message: first[0] as Record<string, unknown>,
    process: { child, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') },
  };
}

async function callService(
  url: string,
  path: string,
  form: Record<string, string | string[]> | FormData | undefined,
  key: string,
): Promise<Response> {
  const headers = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
  if (form === undefined) return fetch(`${url}${path}`, { headers });
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers,
    body: form instanceof FormData ? form : encoded(form),
  });
}

function encoded(form: Record<string, string | string[]>): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, values] of Object.entries(form))
    for (const value of [values].flat()) body.append(name, value);
  return body;
}
