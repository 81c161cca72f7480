import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  createAdminStore,
  createDatabase,
  createLimitStore,
  createMarkerStore,
  createScrapydUserStore,
} from '@spiderhub/db';
import {
  answers,
  createServers,
  embeddedDatabaseUrl,
  type Home,
  openHome,
  releaseLock,
  serverAccount,
  startPostgres,
  takeLock,
  UserError,
  withServers,
} from '@spiderhub/hosting';
import { ADMIN_ACTIONS, type AdminAction, type AdminFlags } from '../admin/actions.ts';
import { printed } from '../admin/print.ts';
import type { CliConfig, Settings } from '../config.ts';
import { IMPORT_USAGE, type ImportRequest, importCommand, readImport } from '../scrapyd-import/command.ts';
import { migrateDatabase } from './migrate.ts';

const OPTIONS = {
  name: { type: 'string' },
  organisation: { type: 'string' },
  user: { type: 'string' },
  project: { type: 'string' },
  id: { type: 'string' },
  key: { type: 'string' },
  staff: { type: 'boolean' },
  paused: { type: 'boolean' },
  username: { type: 'string' },
  password: { type: 'string' },
  'max-running': { type: 'string' },
  weight: { type: 'string' },
  policy: { type: 'string' },
  tag: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** How long a start-up of somebody else may take before the database answers. */
const WAIT_MS = 60_000;
const POLL_MS = 100;

/** `spiderhub admin NOUN VERB`: what an operator sets up. Prints what there is afterwards. */
export async function admin({ config }: Settings, args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage()}\n`);
    return 0;
  }
  if (args[0] === 'import-scrapyd') {
    const request = await readImport(args.slice(1));
    return withDatabase(config, (url) => runImport(config, url, request));
  }
  const { action, flags, json } = readArguments(args);
  const work = (databaseUrl: string) => answer(databaseUrl, action, flags, json);
  return withDatabase(config, work);
}

/** Uses the database that is given, or the one that we bring along. */
function withDatabase(config: CliConfig, work: (databaseUrl: string) => Promise<number>): Promise<number> {
  if (config.DATABASE_URL) return work(config.DATABASE_URL);
  return withEmbedded(openHome(config.SPIDERHUB_HOME, serverAccount()), work);
}

async function runImport(config: CliConfig, url: string, request: ImportRequest): Promise<number> {
  await migrateDatabase(url);
  return importCommand(config, url, request);
}

function readArguments(args: readonly string[]): { action: AdminAction; flags: AdminFlags; json: boolean } {
  const { values, positionals } = parse(args);
  const action = ADMIN_ACTIONS[positionals.join(' ')];
  if (!action) throw new UserError(usage());
  const { json = false, ...flags } = values;
  checkFlags(positionals.join(' '), action, flags);
  return { action, flags, json };
}

/** An option of another command is a mistake: `project limits --name books` would limit the whole project. */
function checkFlags(name: string, { usage }: AdminAction, flags: AdminFlags): void {
  const known: string[] = usage.match(/--[a-z-]+/g) ?? [];
  const other = Object.keys(flags).find((flag) => !known.includes(`--${flag}`));
  if (other) throw new UserError(`--${other} is no option of this command: ${name} ${usage}`.trimEnd());
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${usage()}`);
  }
}

function usage(): string {
  const lines = Object.entries(ADMIN_ACTIONS).map(([name, action]) => `  ${name} ${action.usage}`.trimEnd());
  return `npm run admin -- COMMAND [--json]\n\n${[...lines, `  ${IMPORT_USAGE}`].join('\n')}`;
}

async function answer(url: string, action: AdminAction, flags: AdminFlags, json: boolean): Promise<number> {
  await migrateDatabase(url);
  const database = createDatabase(url, { maxConnections: 2, name: 'spiderhub-admin' });
  try {
    const parts = {
      scrapydUsers: createScrapydUserStore(database),
      limits: createLimitStore(database),
      markers: createMarkerStore(database),
    };
    process.stdout.write(`${printed(await action.run(createAdminStore(database), flags, parts), json)}\n`);
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
