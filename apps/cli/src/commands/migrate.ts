import { join } from 'node:path';
import { migrate } from '@spiderhub/db';
import { UserError } from '@spiderhub/hosting';
import { CHECKOUT } from '@spiderhub/platform';
import { givenDatabase, type Settings } from '../config.ts';

/** SQL files of the schema. */
const MIGRATIONS = join(CHECKOUT, 'migrations');

/** `spiderhub migrate`: for installations whose database is their own; `up` does it by itself. */
export async function migrateCommand({ config }: Settings): Promise<number> {
  const given = givenDatabase(config);
  if (!given) throw new UserError('Set DATABASE_URL to the database to migrate');
  await migrateDatabase(given.directUrl);
  return 0;
}

/** Brings a database to the newest schema. Throws one sentence when it is out of reach, newer or somebody else's. */
export async function migrateDatabase(url: string): Promise<void> {
  try {
    await migrate(url, MIGRATIONS);
  } catch (error) {
    throw new UserError(`Cannot use the database: ${reasonOf(error as Error)}`);
  }
}

function reasonOf(error: Error): string {
  // A name with several addresses has an error for each, and no message of its own.
  if (error instanceof AggregateError) return error.errors.map(({ message }) => message).join(', ');
  // knex puts the whole SQL file before the sentence.
  return error.message.split(' - ').at(-1) ?? error.message;
}
