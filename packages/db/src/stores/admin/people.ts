import { type AdminStore, accountErrors, type Organisation, type User } from '@spiderhub/core';
import type { Database } from '../../database.ts';

const NOUNS = { organisations: 'organisation', users: 'user' } as const;
type Named = keyof typeof NOUNS;

/** The number of an organisation or a user. Throws `not_found`. */
export async function idOf(database: Database, table: Named, name: string): Promise<number> {
  const row = await database(table).where({ name }).first('id');
  if (!row) throw accountErrors.notFound(NOUNS[table], name);
  return row.id;
}

type People =
  | 'createOrganisation'
  | 'organisationNumber'
  | 'listOrganisations'
  | 'createUser'
  | 'listUsers'
  | 'addMember'
  | 'listMembers';

/** Organisations, users, and who is a member of what. */
export function people(database: Database): Pick<AdminStore, People> {
  return {
    createOrganisation: (name) => findOrMake(database, 'organisations', name),
    createUser: (name) => findOrMake(database, 'users', name),
    async addMember(organisation, user, role) {
      const ids = {
        organisation_id: await idOf(database, 'organisations', organisation),
        user_id: await idOf(database, 'users', user),
      };
      const [made] = await database('members')
        .insert({ ...ids, role: role ?? 'owner' })
        .onConflict(['organisation_id', 'user_id'])
        .ignore()
        .returning('role');
      if (!made && role) await database('members').where(ids).update({ role });
      const now = made ?? (await database('members').where(ids).first('role'));
      return { value: { organisation, user, role: now.role }, created: made !== undefined };
    },
    organisationNumber: (name) => idOf(database, 'organisations', name),
    listOrganisations: async () => database('organisations').orderBy('id').select('id', 'name'),
    listUsers: async () => database('users').orderBy('id').select('id', 'name'),
    listMembers: async () =>
      database('members as m')
        .join('organisations as o', 'o.id', 'm.organisation_id')
        .join('users as u', 'u.id', 'm.user_id')
        .orderBy(['m.organisation_id', 'm.user_id'])
        .select('o.name as organisation', 'u.name as user', 'm.role'),
  };
}

/** A row that is known by its name alone. */
async function findOrMake(database: Database, table: Named, name: string) {
  const [made] = await database<Organisation | User>(table)
    .insert({ name })
    .onConflict('name')
    .ignore()
    .returning(['id', 'name']);
  if (made) return { value: made as Organisation, created: true };
  const found: Organisation = await database(table).where({ name }).first('id', 'name');
  return { value: found, created: false };
}
