import { join } from 'node:path';
import {
  crawlPython,
  type Home,
  provideRedis,
  type Server,
  type Servers,
  say,
  startPostgres,
  startRedis,
} from '@spiderhub/hosting';
import { CHECKOUT } from '@spiderhub/platform';
import type { CliConfig } from './config.ts';

/** What the service stands on, given or started by us. */
export interface Stack {
  databaseUrl: string;
  redisUrl: string;
  /** Interpreter with Scrapy. */
  python: string;
  /** What we started for it. */
  started: Server[];
}

export interface StackOptions {
  config: CliConfig;
  home: Home;
  servers: Servers;
  /** The data will be thrown away: speed before durability. */
  throwaway?: boolean;
}

/** Takes or starts Postgres, Redis and Python. When it throws, `servers` still holds what was started. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started: Server[] = [];
  // One that is given is looked at before anything is started for it.
  const given = options.config.SPIDERHUB_PYTHON && (await takePython(options.config));
  // Installing Python packages takes longest the first time, so the database is made meanwhile.
  const [database, python] = await Promise.allSettled([
    takeDatabase(options, started),
    given ?? takePython(options.config),
  ]);
  if (database.status === 'rejected') throw database.reason;
  if (python.status === 'rejected') throw python.reason;
  const redisUrl = await takeRedis(options, python.value, started);
  return { databaseUrl: database.value, redisUrl, python: python.value, started };
}

async function takeDatabase(
  { config, home, servers, throwaway = false }: StackOptions,
  started: Server[],
): Promise<string> {
  if (config.DATABASE_URL) {
    say('PostgreSQL: DATABASE_URL as given');
    return config.DATABASE_URL;
  }
  const { server, databaseUrl } = await startPostgres(home, servers, { throwaway });
  started.push(server);
  return databaseUrl;
}

async function takeRedis(
  { config, home, servers }: StackOptions,
  python: string,
  started: Server[],
): Promise<string> {
  if (config.REDIS_URL) {
    say('Redis: REDIS_URL as given');
    return config.REDIS_URL;
  }
  const program = await provideRedis(config.SPIDERHUB_HOME, python);
  const { server, redisUrl } = await startRedis(home, servers, program);
  started.push(server);
  return redisUrl;
}

function takePython({ SPIDERHUB_PYTHON, SPIDERHUB_HOME }: CliConfig): Promise<string> {
  const requirements = join(CHECKOUT, 'python', 'requirements.txt');
  return crawlPython(SPIDERHUB_PYTHON, join(SPIDERHUB_HOME, 'python'), requirements);
}
