import { type AdminStore, COMMAND } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { keys } from './keys.ts';
import { people } from './people.ts';
import { projects } from './projects.ts';

/** `actor`: who sets all this up. */
export function createAdminStore(database: Database, actor = COMMAND): AdminStore {
  return translated<AdminStore>({
    ...people(database, actor),
    ...projects(database, actor),
    ...keys(database, actor),
  });
}
