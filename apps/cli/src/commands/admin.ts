import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, createJobView, createSegmentIndex } from '@spiderhub/db';
import {
  answers,
  createServers,
  embeddedDatabaseUrl,
  type Home,
  localUrl,
  openHome,
  serverAccount,
  startPostgres,
  UserError,
  withServers,
} from '@spiderhub/hosting';
import { limitDefaults, releaseLock, takeLock } from '@spiderhub/platform';
import { openStorage } from '@spiderhub/storage';

import { type AdminRequest, adminUsage, readArguments } from '../admin/arguments.ts';
import { printed } from '../admin/print.ts';
import { createAdminStores } from '../admin/stores.ts';
import { type CliConfig, givenDatabase, type Settings } from '../config.ts';
import { doctor } from '../doctor/doctor.ts';
import { environmentsOf } from '../environments.ts';
import { type ImportRequest, importCommand, readImport } from '../scrapyd-import/command.ts';
import { readTail, type TailRequest, tail } from '../tail/tail.ts';
import { migrateDatabase } from './migrate.ts';

/** How long a start-up of somebody else may take before the database answers. */
const WAIT_MS = 60_000;
const POLL_MS = 100;

/** `spiderhub admin NOUN VERB`: what an operator sets up. Prints what there is afterwards. */
export async function admin({ config }: Settings, args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${adminUsage()}\n`);
    return 0;
  }
  if (args[0] === 'import-scrapyd') {
    const request = await readImport(args.slice(1));
    return withDatabase(config, (url) => runImport(config, url, request));
  }
  if (args[0] === 'tail') {
    const request = readTail(args.slice(1));
    return withDatabase(config, (url) => runTail(config, url, request));
  }
  if (args[0] === 'doctor') return doctor(config, args.slice(1));
  const request = readArguments(args);
  return withDatabase(config, (url) => answer(config, url, request));
}

/** Uses the database that is given, or the one that we bring along. */
function withDatabase(config: CliConfig, work: (databaseUrl: string) => Promise<number>): Promise<number> {
  const given = givenDatabase(config);
  if (given) return work(given.directUrl);
  return withEmbedded(openHome(config.SPIDERHUB_HOME, serverAccount()), work);
}

async function runImport(config: CliConfig, url: string, request: ImportRequest): Promise<number> {
  await migrateDatabase(url);
  return importCommand(config, url, request);
}

async function runTail(config: CliConfig, url: string, request: TailRequest): Promise<number> {
  await migrateDatabase(url);
  const database = createDatabase(url, { maxConnections: 1, name: 'spiderhub-admin' });
  try {
    const { streams } = openStorage(config, { index: createSegmentIndex(database) });
    await tail(request, {
      jobs: createJobView(database),
      streams,
      write: (text) => void process.stdout.write(text),
    });
    return 0;
  } finally {
    await database.destroy();
  }
}

async function answer(config: CliConfig, url: string, { work, json }: AdminRequest): Promise<number> {
  await migrateDatabase(url);
  const database = createDatabase(url, { maxConnections: 2, name: 'spiderhub-admin' });
  try {
    const site = config.PUBLIC_URL ?? localUrl(config.HOST, config.PORT);
    const index = createSegmentIndex(database);
    const storageAt = (url: string | null | undefined = config.STORAGE_URL) =>
      openStorage({ ...config, STORAGE_URL: url ?? undefined }, { index });
    const stores = createAdminStores(
      database,
      config,
      storageAt,
      environmentsOf(config),
      site,
      limitDefaults(config),
    );
    process.stdout.write(`${printed(await work(stores), json)}\n`);
    return 0;
  } finally {
    await database.destroy();
  }
}

/** Uses the Postgres of a running installation; when none runs, it is started for as long as this takes. */
async function withEmbedded(home: Home, work: (databaseUrl: string) => Promise<number>): Promise<number> {
  const url = embeddedDatabaseUrl(home);
  const until = performance.now() + WAIT_MS;
  while (!(await answers(url))) {
    if (takeLock(home.lock) === null) return withOwnPostgres(home, work);
    if (performance.now() > until)
      throw new UserError(`Spiderhub starts on ${home.path}, but its database does not answer`);
    await delay(POLL_MS);
  }
  return work(url);
}

async function withOwnPostgres(home: Home, work: (databaseUrl: string) => Promise<number>): Promise<number> {
  const servers = createServers(home);
  const start = async () => {
    await servers.endLeftovers();
    return startPostgres(home, servers);
  };
  try {
    return await withServers(servers, start, ({ databaseUrl }) => work(databaseUrl));
  } finally {
    releaseLock(home.lock);
  }
}
