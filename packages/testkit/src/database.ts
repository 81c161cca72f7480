import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, type Database, migrate } from '@spiderhub/db';
import { Client } from 'pg';

const MIGRATIONS = join(__dirname, '../../../migrations');

/** Started for this run of `npm test` and nobody else. */
const isServerOurs = process.env.SPIDERHUB_TEST_SERVERS !== undefined;

export interface TestDatabase {
  url: string;
  database: Database;
  /** Closes the pool and drops the database. */
  close(): Promise<void>;
}

function serverUrl(): string {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is not set: run these tests through `npm test`');
  return url;
}

/** The same server, another database. Works for URLs with a socket directory as host, too. */
function urlOf(name: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.href;
}

async function asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function schemaHash(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(MIGRATIONS).sort()) hash.update(readFileSync(join(MIGRATIONS, file)));
  return hash.digest('hex').slice(0, 12);
}

/** The migrated template, built by whichever test process comes first. */
async function ensureTemplate(): Promise<string> {
  const name = `spiderhub_template_${schemaHash()}`;
  await asAdmin(async (client) => {
    await client.query("select pg_advisory_lock(hashtext('spiderhub test template'))");
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    if (isServerOurs) {
      // Events are told once no older transaction of the whole server writes any more: nobody analyses tables unasked.
      await client.query('alter system set autovacuum = off');
      await client.query('select pg_reload_conf()');
    }
    // A making that failed, because a migration was wrong, must not be in the way.
    await client.query(`drop database if exists ${name}_making with (force)`);
    await client.query(`create database ${name}_making`);
    await migrate(urlOf(`${name}_making`), MIGRATIONS);
    await client.query(`alter database ${name}_making rename to ${name}`);
  });
  return name;
}

/** An own database, cloned from the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = await ensureTemplate();
  const name = `spiderhub_test_${randomBytes(6).toString('hex')}`;
  await asAdmin((client) => client.query(`create database ${name} template ${template}`));
  const url = urlOf(name);
  const database = createDatabase(url);
  return {
    url,
    database,
    async close() {
      await database.destroy();
      await asAdmin((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
