import {
  type AdminStore,
  type ApiKey,
  accessErrors,
  DomainError,
  type NewKey,
  type Organisation,
  type Project,
  type User,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface ProjectRow {
  id: number;
  organisation_id: number;
  name: string;
  paused: boolean;
}

interface KeyRow {
  id: number;
  hint: string;
  user: string | null;
  project: number | null;
  staff: boolean;
  created_at: Date;
  revoked_at: Date | null;
}

function toProject(row: ProjectRow): Project {
  return { id: row.id, organisationId: row.organisation_id, name: row.name, paused: row.paused };
}

function toKey(row: KeyRow): ApiKey {
  const { created_at, revoked_at, ...rest } = row;
  return { ...rest, createdAt: created_at, revoked: revoked_at !== null };
}

function notFound(what: string, name: string): DomainError {
  return new DomainError('not_found', `${what}_not_found`, `${what}: ${name} not found`);
}

const PROJECT_COLUMNS = ['id', 'organisation_id', 'name', 'paused'];

export function createAdminStore(database: Database): AdminStore {
  /** Finds or makes a row that is known by its name alone. */
  async function named(table: 'organisations' | 'users', name: string) {
    const [made] = await database<Organisation | User>(table)
      .insert({ name })
      .onConflict('name')
      .ignore()
      .returning(['id', 'name']);
    if (made) return { value: made as Organisation, created: true };
    return {
      value: (await database(table).where({ name }).first('id', 'name')) as Organisation,
      created: false,
    };
  }

  async function idOf(table: 'organisations' | 'users', name: string): Promise<number> {
    const row = await database(table).where({ name }).first('id');
    if (!row) throw notFound(table.slice(0, -1), name);
    return row.id;
  }

  function keys() {
    return database('api_keys as k')
      .leftJoin('users as u', 'u.id', 'k.user_id')
      .select(
        'k.id',
        'k.hint',
        'u.name as user',
        'k.project_id as project',
        'k.staff',
        'k.created_at',
        'k.revoked_at',
      );
  }

  async function insertKey(key: NewKey) {
    const owner = {
      user_id: key.user === null ? null : await idOf('users', key.user),
      project_id: key.project,
      staff: key.staff,
    };
    if (key.project !== null && !(await database('projects').where({ id: key.project }).first('id'))) {
      throw accessErrors.projectNotFound(key.project);
    }
    const made = await database('api_keys')
      .insert({ hash: key.hash, hint: key.hint, ...owner })
      .onConflict('hash')
      .ignore()
      .returning('id');
    const row: KeyRow = await keys().where('k.hash', key.hash).first();
    const same = row.user === key.user && row.project === key.project && row.staff === key.staff;
    if (!same || row.revoked_at) {
      throw new DomainError('conflict', 'key_exists', 'this key exists already and means something else');
    }
    return { value: toKey(row), created: made.length > 0 };
  }

  return translated<AdminStore>({
    createOrganisation: (name) => named('organisations', name),
    createUser: (name) => named('users', name),

    async createProject({ id, organisation, name, paused }) {
      const organisationId = await idOf('organisations', organisation);
      const [made] = await database('projects')
        .insert({ ...(id === null ? {} : { id }), organisation_id: organisationId, name, paused })
        .onConflict()
        .ignore()
        .returning(PROJECT_COLUMNS);
      if (made) {
        // A chosen number must never come out of the sequence again.
        await database.raw(
          `select setval(pg_get_serial_sequence('projects', 'id'), greatest((select max(id) from projects), 1))`,
        );
        return { value: toProject(made), created: true };
      }
      const row = await database('projects')
        .where({ organisation_id: organisationId, name })
        .first(PROJECT_COLUMNS);
      if (!row || (id !== null && row.id !== id)) {
        throw new DomainError(
          'conflict',
          'project_exists',
          `project ${id ?? name} exists already and means something else`,
        );
      }
      return { value: toProject(row), created: false };
    },

    async setProjectPaused(id, paused) {
      const [row] = await database('projects').where({ id }).update({ paused }).returning(PROJECT_COLUMNS);
      if (!row) throw accessErrors.projectNotFound(id);
      return toProject(row);
    },

    async addMember(organisation, user) {
      const ids = {
        organisation_id: await idOf('organisations', organisation),
        user_id: await idOf('users', user),
      };
      const made = await database('members').insert(ids).onConflict().ignore().returning('user_id');
      return { value: { organisation, user }, created: made.length > 0 };
    },

    createKey: insertKey,

    async revokeKey(id) {
      await database('api_keys')
        .where({ id })
        .whereNull('revoked_at')
        .update({ revoked_at: database.fn.now() });
      const row: KeyRow | undefined = await keys().where('k.id', id).first();
      if (!row) throw notFound('key', String(id));
      return toKey(row);
    },

    listOrganisations: async () => database('organisations').orderBy('id').select('id', 'name'),
    listUsers: async () => database('users').orderBy('id').select('id', 'name'),
    async listProjects() {
      const rows = await database('projects as p')
        .join('organisations as o', 'o.id', 'p.organisation_id')
        .orderBy('p.id')
        .select('p.id', 'p.organisation_id', 'p.name', 'p.paused', 'o.name as organisation');
      return rows.map((row) => ({ ...toProject(row), organisation: row.organisation }));
    },
    listMembers: async () =>
      database('members as m')
        .join('organisations as o', 'o.id', 'm.organisation_id')
        .join('users as u', 'u.id', 'm.user_id')
        .orderBy(['m.organisation_id', 'm.user_id'])
        .select('o.name as organisation', 'u.name as user'),
    listKeys: async () => (await keys().orderBy('k.id')).map(toKey),
  });
}
