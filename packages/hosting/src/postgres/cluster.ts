import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { inherited } from '../environment.ts';
import { spawnAs } from '../host/account.ts';
import type { Home } from '../host/home.ts';
import { run } from '../host/run.ts';
import type { Server, ServerSpec, Servers } from '../host/servers.ts';
import { untilReady } from '../host/until-ready.ts';
import { say, tail, UserError } from '../say.ts';
import { embeddedPostgres } from './embedded.ts';
import { findPostgres, OLDEST_MAJOR, type PostgresPrograms } from './find.ts';
import { lockFilesOf, removeLocksOfDead } from './lock-files.ts';

const SUPERUSER = 'spiderhub';
const DATABASE = 'spiderhub';
/** Names the socket. Given everywhere, because PGPORT in the environment would win otherwise. */
const PORT = 5432;
const STOP_GRACE_MS = 30_000;

const SETTINGS = {
  // Nobody but us reaches the socket's directory; there is no port.
  listen_addresses: '',
  port: `${PORT}`,
  unix_socket_permissions: '0700',
  shared_buffers: '256MB',
  max_connections: '200',
  max_wal_size: '2GB',
  random_page_cost: '1.1',
  // Our statements are short: compiling them costs more than it saves.
  jit: 'off',
  timezone: 'UTC',
};

/** For databases that are thrown away: nothing needs to survive a power cut. */
const THROWAWAY_SETTINGS = { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB' };

export interface Cluster {
  server: Server;
  databaseUrl: string;
}

/** Address of the embedded database, whether it runs or not. */
export function embeddedDatabaseUrl(home: Home, database = DATABASE): string {
  // The host stands in the query: URLs know no host that is a path, but pg and libpq do.
  return `postgresql:///${database}?host=${encodeURIComponent(home.sockets)}&port=${PORT}&user=${SUPERUSER}`;
}

export interface PostgresOptions {
  /** The data will be thrown away: speed before durability. */
  throwaway?: boolean;
  /** For tests: programs of the machine that may be used. */
  onMachine?: PostgresPrograms[];
}

/** Starts the embedded Postgres of this home, makes its data directory if there is none, and waits until it answers. */
export async function startPostgres(
  home: Home,
  servers: Servers,
  { throwaway = false, onMachine }: PostgresOptions = {},
): Promise<Cluster> {
  const data = join(home.postgres, 'data');
  const programs = await choosePrograms(home, majorOf(data), onMachine ?? (await findPostgres()));
  say(`PostgreSQL: ${programs.version} from ${programs.bin}, data in ${data}`);
  if (majorOf(data) === null) await initialise(home, programs, data);
  const server = await startAfterPredecessor(home, servers, {
    name: 'postgres',
    command: join(programs.bin, 'postgres'),
    args: ['-D', data, ...settingArguments(home, throwaway)],
    env: inherited,
    account: home.account,
    stopSignal: 'SIGINT',
    killSignal: 'SIGQUIT',
    graceMs: STOP_GRACE_MS,
  });
  await createDatabase(embeddedDatabaseUrl(home, 'postgres'));
  return { server, databaseUrl: embeddedDatabaseUrl(home) };
}

/** How long what a killed Postgres left behind may take to end, ms. */
const PREDECESSOR_MS = 15_000;
const PREDECESSOR_POLL_MS = 200;

/** With these words Postgres refuses data that another one uses; our data directories make it speak English. */
const IN_USE = /lock file "[^"]*" already exists|pre-existing shared memory block/;

/** Processes of a Postgres that was killed may live a little longer, and as long a new one refuses to start. */
async function startAfterPredecessor(home: Home, servers: Servers, spec: ServerSpec): Promise<Server> {
  const until = performance.now() + PREDECESSOR_MS;
  for (;;) {
    removeLocksOfDead(lockFilesOf(home, PORT));
    const server = servers.start(spec);
    try {
      await untilReady(server, () => answers(embeddedDatabaseUrl(home, 'postgres')));
      return server;
    } catch (error) {
      if (!IN_USE.test(server.lastWords()) || performance.now() > until) throw error;
    }
    await delay(PREDECESSOR_POLL_MS);
  }
}

/** A data directory belongs to one major version for ever. */
async function choosePrograms(
  home: Home,
  dataMajor: number | null,
  onMachine: PostgresPrograms[],
): Promise<PostgresPrograms> {
  const fits = (each: PostgresPrograms) => dataMajor === null || each.major === dataMajor;
  const ofMachine = onMachine.find(fits);
  if (ofMachine) return ofMachine;
  const embedded = await embeddedPostgres(home);
  if (embedded && fits(embedded)) return embedded;
  if (dataMajor === null) {
    throw new UserError(
      `No PostgreSQL ${OLDEST_MAJOR} or newer found: apt-get install postgresql, brew install postgresql, or set DATABASE_URL`,
    );
  }
  throw new UserError(
    `The data in ${home.postgres} needs PostgreSQL ${dataMajor}, which is not installed: apt-get install postgresql-${dataMajor}, or set another SPIDERHUB_HOME`,
  );
}

function majorOf(data: string): number | null {
  const file = join(data, 'PG_VERSION');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : null;
}

async function initialise(home: Home, { bin }: PostgresPrograms, data: string): Promise<void> {
  // Without PG_VERSION it is the rest of an initdb that was interrupted.
  rmSync(data, { recursive: true, force: true });
  const options = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--data-checksums'];
  const args = ['-D', data, '-U', SUPERUSER, ...options];
  const { code, output } = await run(join(bin, 'initdb'), args, spawnAs(home.account));
  if (code === 0) return;
  rmSync(data, { recursive: true, force: true });
  throw new UserError(`PostgreSQL could not make its data directory ${data}:\n${tail(output)}`);
}

function settingArguments(home: Home, throwaway: boolean): string[] {
  const sockets = `"${home.sockets.replaceAll('"', '""')}"`;
  const settings = { ...SETTINGS, ...(throwaway && THROWAWAY_SETTINGS), unix_socket_directories: sockets };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** True when a database answers at this address. */
export async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
