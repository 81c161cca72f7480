import { type Actor, type Admission, accountErrors, type IdentityStore, type Known } from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { giveEmail } from './account-store.ts';
import { join, makeUser, takeInvitations } from './invitations.ts';

type Named = Parameters<IdentityStore['find']>[0];

export function createIdentityStore(database: Database): IdentityStore {
  return translated<IdentityStore>({
    find: (identity) => find(database, identity),
    add: (actor, user, identity) => database.transaction((tx) => add(tx, actor, user, identity)),
    admit: (actor, { name, email, identity }, by) =>
      database.transaction(async (tx) => {
        // One at a time for one identity: a browser may come back twice.
        await tx.raw('select pg_advisory_xact_lock(hashtextextended(:who, 0))', {
          who: `${identity.issuer} ${identity.subject}`,
        });
        const known = await find(tx, identity);
        if (known) return known;
        const taken = await takeFor(tx, by);
        if (!taken) return null;
        const user = await makeUser(tx, actor, name, null);
        for (const { id, place, role } of taken) {
          await tx('links').where({ id }).update({ used_by: user });
          await join(tx, actor, place, user, role);
        }
        if (email !== null) await giveEmail(tx, actor, user, email);
        await add(tx, actor, user, identity);
        return { user, name };
      }),
  });
}

async function find(db: Database, { issuer, subject }: Named): Promise<Known | null> {
  const row = await db('identities as i')
    .join('users as u', 'u.id', 'i.user_id')
    .where({ issuer, subject })
    .first('u.id', 'u.name');
  return row ? { user: row.id, name: row.name } : null;
}

async function add(tx: Database, actor: Actor, user: number, { issuer, subject }: Named): Promise<void> {
  const identity = { issuer, subject, user_id: user };
  const made = await tx('identities')
    .insert(identity)
    .onConflict(['issuer', 'subject'])
    .ignore()
    .returning('user_id');
  const row = await tx('identities').where({ issuer, subject }).first('user_id');
  if (row.user_id !== user) throw accountErrors.identityTaken();
  const entry = { place: { user }, object: `user ${user}`, after: { issuer, subject } };
  if (made.length > 0) await audit(tx, actor, { ...entry, action: 'identity.added' });
}

/** Null when no invitation is good; none is needed where anybody may come. */
async function takeFor(tx: Database, by: Admission) {
  if (by === 'anybody') return [];
  const taken = await takeInvitations(tx, by);
  return taken.length > 0 ? taken : null;
}
