import { join } from 'node:path';
import type { Knex } from 'knex';
import { createDatabase, type Database } from './database.ts';
import { MigrationFiles } from './migration-files.ts';

/** The schema of this program. */
const MIGRATIONS = join(__dirname, '../../../migrations');

const TABLE = 'migrations';
/** A lock that a migration cannot get keeps everybody who comes after it waiting, too: it gives up and tries again. */
const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 1000;
/** Between two looks whether it is this process's turn. */
const TURN_PAUSE_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/** The database was made by a newer program; the message says which one it takes. */
export class SchemaError extends Error {}

/**
 * Brings the database at `url` to the newest schema. Racing callers are fine: the second waits or finds it done. Throws a
 * SchemaError when a newer program has made it one that this program cannot work with.
 */
export async function migrate(url: string, directory: string = MIGRATIONS): Promise<void> {
  const database = createDatabase(url, { maxConnections: 3, name: 'spiderhub-migrate' });
  const files = new MigrationFiles(directory);
  try {
    const newer = await newerThan(files, database);
    if (newer) throw new SchemaError(newer);
    for (let tries = 1; ; tries++) {
      try {
        return await latest(database, files);
      } catch (error) {
        if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || tries === LOCK_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
      }
    }
  } finally {
    await database.destroy();
  }
}

function configOf(files: MigrationFiles): Knex.MigratorConfig {
  // Which newer schemas are refused is said by newerThan.
  return { migrationSource: files, tableName: TABLE, disableMigrationsListValidation: true };
}

async function isFirst(lock: Knex): Promise<boolean> {
  const { rows } = await lock.raw<{ rows: [{ mine: boolean }] }>(
    "select pg_try_advisory_xact_lock(hashtext('spiderhub migrations')) as mine",
  );
  return rows[0].mine;
}

async function latest(database: Knex, files: MigrationFiles): Promise<void> {
  await database.transaction(async (lock) => {
    // One process at a time; the others wait here and then find nothing left to do. They ask again and again: one that
    // waited inside of a statement would have an old snapshot, and indexes that are made concurrently wait for those.
    while (!(await isFirst(lock))) await new Promise((resolve) => setTimeout(resolve, TURN_PAUSE_MS));
    await database.migrate.latest(configOf(files));
    await database.raw('alter table migrations add column if not exists min_program integer');
    for (const { name, minProgram } of await files.list()) {
      await database.raw(
        'update migrations set min_program = :minProgram::int where name = :name and min_program is distinct from :minProgram::int',
        { name, minProgram },
      );
    }
  });
}

interface Applied {
  name: string;
  min_program?: number | null;
}

async function appliedTo(database: Database): Promise<Applied[]> {
  const { rows } = await database.raw(`select to_regclass('${TABLE}') is not null as made`);
  return rows[0].made ? database(TABLE).select<Applied[]>('*').orderBy('id') : [];
}

/**
 * Why this program cannot work with the schema of the database, as a sentence; null when it can. A migration that it does
 * not know is fine when it says that programs as old as this one can work with what it leaves.
 */
export async function schemaProblem(
  database: Database,
  directory: string = MIGRATIONS,
): Promise<string | null> {
  const files = new MigrationFiles(directory);
  const newer = await newerThan(files, database);
  if (newer) return `Cannot use the database: ${newer}`;
  const applied = new Set((await appliedTo(database)).map(({ name }) => name));
  const missing = (await files.list()).find(({ name }) => !applied.has(name));
  return missing
    ? `Cannot use the database: its schema is older than this program, ${missing.name} is missing`
    : null;
}

async function newerThan(files: MigrationFiles, database: Database): Promise<string | null> {
  const known = await files.list();
  const program = Math.max(0, ...known.map(({ number }) => number));
  const names = new Set(known.map(({ name }) => name));
  const newer = (await appliedTo(database)).filter(
    ({ name, min_program }) => !names.has(name) && (min_program ?? Number.POSITIVE_INFINITY) > program,
  );
  if (newer.length === 0) return null;
  return `a newer Spiderhub made it (${newer.map(({ name }) => name).join(', ')}), start that one`;
}

/** Undoes the newest migration: for the test that every way up has a way down. */
export async function migrateDown(database: Knex, directory: string = MIGRATIONS): Promise<void> {
  await database.migrate.down(configOf(new MigrationFiles(directory)));
}
