import {
  type Actor,
  type AdminStore,
  accountErrors,
  type Created,
  type Member,
  type Organisation,
  type Role,
  type StaffChange,
  type User,
} from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { revokeKey } from '../people/key-store.ts';

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
  | 'setStaff'
  | 'addMember'
  | 'listMembers';

/** Organisations, users, and who is a member of what. */
export function people(database: Database, actor: Actor): Pick<AdminStore, People> {
  return {
    createOrganisation: (name) => database.transaction((tx) => findOrMake(tx, actor, 'organisations', name)),
    createUser: (name) => database.transaction((tx) => findOrMake(tx, actor, 'users', name)),
    addMember: (organisation, user, role) =>
      database.transaction((tx) => addMember(tx, actor, { organisation, user, role })),
    organisationNumber: (name) => idOf(database, 'organisations', name),
    listOrganisations: async () => database('organisations').orderBy('id').select('id', 'name'),
    listUsers: async () => database('users').orderBy('id').select('id', 'name', 'staff'),
    setStaff: (user, staff) => database.transaction((tx) => setStaff(tx, actor, user, staff)),
    listMembers: async () =>
      database('members as m')
        .join('organisations as o', 'o.id', 'm.organisation_id')
        .join('users as u', 'u.id', 'm.user_id')
        .orderBy(['m.organisation_id', 'm.user_id'])
        .select('o.name as organisation', 'u.name as user', 'm.role'),
  };
}

async function setStaff(tx: Database, actor: Actor, user: string, staff: boolean): Promise<StaffChange> {
  const id = await idOf(tx, 'users', user);
  const change = { user, staff, sessionsEnded: 0, keysRevoked: 0 };
  const changed = await tx('users').where({ id, staff: !staff }).update({ staff });
  if (changed === 0) return change;
  change.sessionsEnded = await tx('sessions').where({ user_id: id }).delete();
  await tx('links').where({ user_id: id }).whereNull('used_at').delete();
  const entry = { place: null, object: `user ${id}`, before: { staff: !staff }, after: { staff } };
  await audit(tx, actor, { ...entry, action: 'user.changed' });
  if (staff) return change;
  const keys = await tx('api_keys').where({ user_id: id, staff: true }).whereNull('revoked_at').orderBy('id');
  for (const key of keys) await revokeKey(tx, actor, key.id);
  change.keysRevoked = keys.length;
  return change;
}

async function addMember(
  tx: Database,
  actor: Actor,
  { organisation, user, role }: { organisation: string; user: string; role: Role | undefined },
): Promise<Created<Member>> {
  const ids = {
    organisation_id: await idOf(tx, 'organisations', organisation),
    user_id: await idOf(tx, 'users', user),
  };
  const entry = { place: { organisation: ids.organisation_id }, object: `user ${ids.user_id}` };
  const [made] = await tx('members')
    .insert({ ...ids, role: role ?? 'owner' })
    .onConflict(['organisation_id', 'user_id'])
    .ignore()
    .returning('role');
  if (made) {
    await audit(tx, actor, { ...entry, action: 'member.added', after: { role: made.role } });
    return { value: { organisation, user, role: made.role }, created: true };
  }
  const before = await tx('members').where(ids).forUpdate().first('role');
  if (role && role !== before.role) {
    await tx('members').where(ids).update({ role });
    await audit(tx, actor, { ...entry, action: 'member.changed', before, after: { role } });
  }
  return { value: { organisation, user, role: role ?? before.role }, created: false };
}

/** A row that is known by its name alone. */
async function findOrMake(database: Database, actor: Actor, table: Named, name: string) {
  const [made] = await database<Organisation | User>(table)
    .insert({ name })
    .onConflict('name')
    .ignore()
    .returning(['id', 'name']);
  if (made) {
    const entry = { object: `${NOUNS[table]} ${made.id}`, after: { name } };
    if (table === 'users') await audit(database, actor, { ...entry, action: 'user.made', place: null });
    else {
      const place = { organisation: made.id };
      await audit(database, actor, { ...entry, action: 'organisation.made', place });
    }
    return { value: made as Organisation, created: true };
  }
  const found: Organisation = await database(table).where({ name }).first('id', 'name');
  return { value: found, created: false };
}
