import type { AdminStore } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { keys } from './keys.ts';
import { people } from './people.ts';
import { projects } from './projects.ts';

export function createAdminStore(database: Database): AdminStore {
  return translated<AdminStore>({ ...people(database), ...projects(database), ...keys(database) });
}
