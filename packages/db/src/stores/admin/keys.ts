import {
  type Actor,
  type AdminStore,
  type ApiKey,
  accessErrors,
  type Created,
  DomainError,
  type NewKey,
  type Role,
} from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { findKey, noteKey, revokeKey, shownTerms } from '../people/key-store.ts';
import { idOf } from './people.ts';

interface KeyRow {
  id: number;
  hint: string;
  user: string | null;
  project: number | null;
  role: Role;
  staff: boolean;
  created_at: Date;
  revoked_at: Date | null;
  name: string;
  actions: string[] | null;
  projects: number[] | null;
  networks: string[] | null;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  lastAddress: string | null;
  lastClient: string | null;
}

const COLUMNS = [
  'k.id',
  'k.hint',
  'u.name as user',
  'k.project_id as project',
  'k.role',
  'k.staff',
  'k.created_at',
  'k.revoked_at',
  'k.name',
  'k.actions',
  'k.projects',
  'k.expires_at as expiresAt',
  'k.last_used_at as lastUsedAt',
  'k.last_address as lastAddress',
  'k.last_client as lastClient',
];

export function keys(
  database: Database,
  actor: Actor,
): Pick<AdminStore, 'createKey' | 'revokeKey' | 'listKeys'> {
  return {
    createKey: (key) => database.transaction((tx) => createKey(tx, actor, key)),
    async revokeKey(id) {
      await database.transaction((tx) => revokeKey(tx, actor, id));
      return toKey(await rows(database).where('k.id', id).first());
    },
    listKeys: async () => (await rows(database).orderBy('k.id')).map(toKey),
  };
}

function rows(database: Database) {
  return database('api_keys as k')
    .leftJoin('users as u', 'u.id', 'k.user_id')
    .select(...COLUMNS, { networks: database.raw('k.networks::text[]') });
}

function toKey(row: KeyRow): ApiKey {
  const { created_at, revoked_at, ...rest } = row;
  return { ...rest, createdAt: created_at, revoked: revoked_at !== null };
}

async function createKey(database: Database, actor: Actor, key: NewKey): Promise<Created<ApiKey>> {
  const { hash, hint, project, staff, role = 'admin', name = '', expiresAt = null } = key;
  const { actions = null, projects = null, networks = null } = key;
  const user_id = key.user === null ? null : await idOf(database, 'users', key.user);
  if (project !== null && !(await database('projects').where({ id: project }).first('id'))) {
    throw accessErrors.projectNotFound(project);
  }
  const made = await database('api_keys')
    .insert({
      hash,
      hint,
      user_id,
      project_id: project,
      staff,
      role,
      name,
      made_by: actor.name,
      actions,
      projects,
      networks: networks && database.raw('?::cidr[]', [[...networks]]),
      expires_at: expiresAt,
    } as never)
    .onConflict('hash')
    .ignore()
    .returning('id');
  const row: KeyRow = await rows(database).where('k.hash', hash).first();
  const same = row.user === key.user && row.project === project && row.staff === staff && row.role === role;
  const isGoodForTheSame = isSame([row.actions, row.projects, row.networks], [actions, projects, networks]);
  if (!same || !isGoodForTheSame || row.revoked_at) {
    throw new DomainError('conflict', 'key_exists', 'this key exists already and means something else');
  }
  if (made.length > 0) {
    const listed = await findKey(database, row.id);
    await noteKey(database, actor, 'key.made', listed, { after: shownTerms(listed) });
  }
  return { value: toKey(row), created: made.length > 0 };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
