import { type Actor, accountErrors, type Guest, type Place, type Role, ranksWith } from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { giveEmail } from './account-store.ts';
import { placeOf } from './place.ts';

/** A link that nobody has used and that is not too old; the statement calls the table `l`. */
export const IS_GOOD = 'l.used_at is null and l.expires_at > now()';

interface Taken {
  id: number;
  place: Place;
  role: Role;
  /** Where the invitation was mailed to, and nowhere else; null when it was handed on. */
  mailedTo: string | null;
}

/** Uses up an invitation, or all that wait for an address. Whoever comes first has them; a second one finds none. */
export async function takeInvitations(
  tx: Database,
  by: { tokenHash: Buffer } | { email: string },
): Promise<Taken[]> {
  const query = tx('links as l').where({ kind: 'invitation' }).whereRaw(IS_GOOD);
  const wanted =
    'email' in by
      ? query.whereRaw('lower(l.email) = lower(?)', [by.email])
      : query.where({ token_hash: by.tokenHash });
  const rows = await wanted
    .update({ used_at: tx.fn.now() })
    .returning(['id', 'organisation_id', 'project_id', 'role', 'email', 'mailed']);
  return rows.map((row) => ({
    id: row.id,
    place: row.project_id === null ? { organisation: row.organisation_id } : { project: row.project_id },
    role: row.role,
    mailedTo: row.mailed ? row.email : null,
  }));
}

/** Lets a guest take an invitation. Null when it is not good. */
export async function accept(
  tx: Database,
  actor: Actor,
  tokenHash: Buffer,
  guest: Guest,
): Promise<{ user: number } | null> {
  const [link] = await takeInvitations(tx, { tokenHash });
  if (!link) return null;
  const user = 'user' in guest ? guest.user : await makeUser(tx, actor, guest.name, guest.passwordHash);
  await tx('links').where({ id: link.id }).update({ used_by: user });
  if (link.mailedTo !== null) await giveEmail(tx, actor, user, link.mailedTo);
  await join(tx, actor, link.place, user, link.role);
  return { user };
}

/** Throws `conflict` for a name that is taken. */
export async function makeUser(
  tx: Database,
  actor: Actor,
  name: string,
  passwordHash: string | null,
): Promise<number> {
  const [made] = await tx('users')
    .insert({ name, password_hash: passwordHash })
    .onConflict('name')
    .ignore()
    .returning('id');
  if (!made) throw accountErrors.nameTaken('a user', name);
  await audit(tx, actor, { action: 'user.made', place: null, object: `user ${made.id}`, after: { name } });
  return made.id;
}

/** Who is a member already stays what it is, unless the invitation is for more. */
export async function join(
  tx: Database,
  actor: Actor,
  place: Place,
  user: number,
  role: Role,
): Promise<void> {
  const { table, key } = placeOf(place);
  const [made] = await tx(table)
    .insert({ ...key, user_id: user, role })
    .onConflict()
    .ignore()
    .returning('user_id');
  const entry = { place, object: `user ${user}`, after: { role } };
  if (made) return audit(tx, actor, { ...entry, action: 'member.added' });
  const member = { ...key, user_id: user };
  const { role: now } = await tx(table).where(member).forUpdate().first('role');
  if (now === role || !ranksWith(role, now)) return;
  await tx(table).where(member).update({ role });
  await audit(tx, actor, { ...entry, action: 'member.changed', before: { role: now } });
}
