import { join } from 'node:path';
import { migrate } from '@spiderhub/db';
import { CHECKOUT, type Settings } from '../config.ts';
import { UserError } from '../say.ts';

/** SQL files of the schema. */
export const MIGRATIONS = join(CHECKOUT, 'migrations');

/** `spiderhub migrate`: for installations whose database is their own; `up` does it by itself. */
export async function migrateCommand({ config }: Settings): Promise<number> {
  if (!config.DATABASE_URL) throw new UserError('Set DATABASE_URL to the database to migrate');
  await migrate(config.DATABASE_URL, MIGRATIONS);
  return 0;
}
