import { accountErrors, type MemberOf, type MemberStore, type Place, type Role } from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { organisationsAndProjects } from './organisations.ts';
import { placeOf } from './place.ts';

export function createMemberStore(database: Database): MemberStore {
  return translated<MemberStore>({
    ...organisationsAndProjects(database),
    members: (place) => members(database, place),
    async roleOf(place, user) {
      const { table, key } = placeOf(place);
      const row = await database(table)
        .where({ ...key, user_id: user })
        .first('role');
      return row?.role ?? null;
    },
    changeRole: (actor, place, user, from, to) =>
      database.transaction(async (tx) => {
        if (from === 'owner' && to !== 'owner') await keepAnOwner(tx, place, user);
        const { table, key } = placeOf(place);
        const member = { ...key, user_id: user, role: from };
        const isChanged = (await tx(table).where(member).update({ role: to })) > 0;
        const roles = { before: { role: from }, after: { role: to } };
        const object = `user ${user}`;
        if (isChanged) await audit(tx, actor, { action: 'member.changed', place, object, ...roles });
        return isChanged;
      }),
    removeMember: (actor, place, user, from) =>
      database.transaction(async (tx) => {
        if (from === 'owner') await keepAnOwner(tx, place, user);
        const { table, key } = placeOf(place);
        const isGone =
          (await tx(table)
            .where({ ...key, user_id: user, role: from })
            .delete()) > 0;
        if (!isGone) return false;
        const entry = { place, object: `user ${user}`, before: { role: from } };
        await audit(tx, actor, { ...entry, action: 'member.removed' });
        if ('organisation' in place) await leaveProjects(tx, place.organisation, user);
        return true;
      }),
    async isOnlyIn(user, organisation) {
      const elsewhere = await database.raw<{ rows: unknown[] }>(
        `select from members where user_id = :user and organisation_id <> :organisation
        union all
        select from project_members s join projects p on p.id = s.project_id
        where s.user_id = :user and p.organisation_id <> :organisation limit 1`,
        { user, organisation },
      );
      return elsewhere.rows.length === 0;
    },
  });
}

async function members(database: Database, place: Place): Promise<MemberOf[]> {
  const { table, key } = placeOf(place);
  const rows = await database(`${table} as m`)
    .join('users as u', 'u.id', 'm.user_id')
    .where(key)
    .orderBy('u.name')
    .select('u.id', 'u.name', 'm.role', 'm.created_at', {
      seen_at: database('sessions as s').whereRaw('s.user_id = u.id').max('s.seen_at'),
    });
  return rows.map((row) => ({
    user: row.id,
    name: row.name,
    role: row.role as Role,
    since: row.created_at,
    seenAt: row.seen_at,
  }));
}

/** Throws `conflict` when nobody else is an owner there. Of two that go at once, the second one looks after the first. */
async function keepAnOwner(tx: Database, place: Place, user: number): Promise<void> {
  // A project has its organisation's owners, whoever else is one.
  if ('project' in place) return;
  await tx('organisations').where({ id: place.organisation }).forUpdate().first('id');
  const others = await tx('members')
    .where({ organisation_id: place.organisation, role: 'owner' })
    .whereNot({ user_id: user })
    .first('user_id');
  if (!others) throw accountErrors.lastOwner();
}

async function leaveProjects(tx: Database, organisation: number, user: number): Promise<void> {
  await tx('project_members')
    .where({ user_id: user })
    .whereIn('project_id', tx('projects').where({ organisation_id: organisation }).select('id'))
    .delete();
}
