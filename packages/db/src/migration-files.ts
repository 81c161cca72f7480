import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';

export interface SqlMigration {
  name: string;
  /** The number that its name begins with. */
  number: number;
  /**
   * Programs that know the migration of this number, or a later one, can work with the schema that this one leaves. Null:
   * only programs that know this one.
   */
  minProgram: number | null;
}

/** How long a statement waits for a lock that somebody else holds. */
const LOCK_TIMEOUT = '3s';

/**
 * Plain SQL files `NNNN_name.up.sql` and `.down.sql`. Comments at the beginning of the way up may say `-- no-transaction`:
 * its statements, each of which ends with a line's end, run one by one and outside of a transaction; and
 * `-- min-program: NNNN`, see SqlMigration.
 */
export class MigrationFiles implements Knex.MigrationSource<SqlMigration> {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async list(): Promise<SqlMigration[]> {
    const files = (await readdir(this.directory)).filter((file) => file.endsWith('.up.sql')).sort();
    return Promise.all(
      files.map(async (file) => {
        const name = file.slice(0, -'.up.sql'.length);
        const [, program] = /^-- min-program: (\d+)$/m.exec(headOf(await this.read(file))) ?? [];
        return {
          name,
          number: Number.parseInt(name, 10),
          minProgram: program === undefined ? null : Number(program),
        };
      }),
    );
  }

  getMigrations(): Promise<SqlMigration[]> {
    return this.list();
  }

  getMigrationName(migration: SqlMigration): string {
    return migration.name;
  }

  async getMigration({ name }: SqlMigration): Promise<Knex.Migration> {
    const up = await this.read(`${name}.up.sql`);
    const down = await this.read(`${name}.down.sql`);
    const isAlone = /^-- no-transaction$/m.test(headOf(up));
    const run = isAlone ? runOneByOne : runAtOnce;
    return {
      up: (db) => run(db, up),
      down: (db) => run(db, down),
      config: { transaction: !isAlone },
    } as Knex.Migration;
  }

  private read(file: string): Promise<string> {
    return readFile(join(this.directory, file), 'utf8');
  }
}

/** The comments before the first statement. */
function headOf(sql: string): string {
  return /^(--.*\n|\s*\n)*/.exec(sql)?.[0] ?? '';
}

async function runAtOnce(tx: Knex, sql: string): Promise<void> {
  await tx.raw(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
  await tx.raw(escaped(sql));
}

/** Postgres takes several statements in one message for a transaction. */
async function runOneByOne(db: Knex, sql: string): Promise<void> {
  for (const statement of sql.split(/;[ \t]*(?:\n|$)/).filter((one) => /^[ \t]*[^\s-]/m.test(one)))
    await db.raw(escaped(statement));
}

/** knex takes every `?` for a placeholder, inside of quotes and comments too. */
function escaped(sql: string): string {
  return sql.replaceAll('?', '\\?');
}
