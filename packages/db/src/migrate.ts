import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { createDatabase } from './database.ts';

interface SqlMigration {
  name: string;
  directory: string;
}

/** Plain SQL files `NNNN_name.up.sql` and `.down.sql`; the first line `-- no-transaction` runs one outside of a transaction. */
class SqlFiles implements Knex.MigrationSource<SqlMigration> {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async getMigrations(): Promise<SqlMigration[]> {
    const files = await readdir(this.directory);
    return files
      .filter((file) => file.endsWith('.up.sql'))
      .sort()
      .map((file) => ({ name: file.slice(0, -'.up.sql'.length), directory: this.directory }));
  }

  getMigrationName(migration: SqlMigration): string {
    return migration.name;
  }

  async getMigration({ name, directory }: SqlMigration): Promise<Knex.Migration> {
    const up = await readFile(join(directory, `${name}.up.sql`), 'utf8');
    const down = await readFile(join(directory, `${name}.down.sql`), 'utf8');
    return {
      up: (tx) => tx.raw(escaped(up)),
      down: (tx) => tx.raw(escaped(down)),
      config: { transaction: !up.startsWith('-- no-transaction') },
    } as Knex.Migration;
  }
}

/** knex takes every `?` for a placeholder, inside of quotes and comments too. */
function escaped(sql: string): string {
  return sql.replaceAll('?', '\\?');
}

/** Brings the database at `url` to the newest schema. Racing callers are fine: the second waits or finds it done. */
export async function migrate(url: string, directory: string): Promise<void> {
  const database = createDatabase(url, { maxConnections: 2, name: 'spiderhub-migrate' });
  try {
    await latest(database, directory);
  } finally {
    await database.destroy();
  }
}

async function latest(database: Knex, directory: string): Promise<void> {
  await database.transaction(async (lock) => {
    // One process at a time; the others wait here and then find nothing left to do.
    await lock.raw("select pg_advisory_xact_lock(hashtext('spiderhub migrations'))");
    await database.migrate.latest({ migrationSource: new SqlFiles(directory), tableName: 'migrations' });
  });
}

/** Undoes the newest migration: for the test that every way up has a way down. */
export async function migrateDown(database: Knex, directory: string): Promise<void> {
  await database.migrate.down({ migrationSource: new SqlFiles(directory), tableName: 'migrations' });
}
