import { type AccountStore, type Actor, accountErrors, type UserAccount } from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';

const UNIQUE_VIOLATION = '23505';

export function createAccountStore(database: Database): AccountStore {
  async function find(where: string, value: string | number): Promise<UserAccount | null> {
    const row = await database('users')
      .whereRaw(where, [value])
      .first('id', 'name', 'password_hash', 'email');
    return row ? { id: row.id, name: row.name, passwordHash: row.password_hash, email: row.email } : null;
  }
  return translated<AccountStore>({
    byName: (name) => find('name = ?', name),
    byNumber: (id) => find('id = ?', id),
    byEmail: (email) => find('lower(email) = lower(?)', email),
    setEmail: (actor, user, email) => database.transaction((tx) => setEmail(tx, actor, user, email)),
    setPassword: (actor, user, passwordHash, exceptSession) =>
      database.transaction((tx) => setPassword(tx, actor, user, passwordHash, exceptSession)),
  });
}

/** A new password ends what the old one has opened, and every other way to a new one. */
export async function setPassword(
  tx: Database,
  actor: Actor,
  user: number,
  passwordHash: string,
  exceptSession: number | null,
): Promise<void> {
  await tx('users').where({ id: user }).update({ password_hash: passwordHash });
  await tx('sessions')
    .where({ user_id: user })
    .whereNot({ id: exceptSession ?? 0 })
    .delete();
  await tx('links').where({ user_id: user }).whereNull('used_at').delete();
  await audit(tx, actor, { action: 'password.changed', place: { user }, object: `user ${user}` });
}

/** Throws `conflict` for an address that somebody else has, whoever comes second. */
export async function setEmail(
  tx: Database,
  actor: Actor,
  user: number,
  email: string | null,
): Promise<void> {
  try {
    const before = await tx('users').where({ id: user }).forUpdate().first('email');
    if (!before || before.email === email) return;
    await tx('users').where({ id: user }).update({ email });
    await auditEmail(tx, actor, user, before, email);
  } catch (error) {
    throw (error as { code?: unknown }).code === UNIQUE_VIOLATION ? accountErrors.emailTaken() : error;
  }
}

/** Gives the user an address, unless it has one; it is taken from nobody. */
export async function giveEmail(tx: Database, actor: Actor, user: number, email: string): Promise<void> {
  try {
    await tx.transaction(async (inner) => {
      const given = await inner('users').where({ id: user }).whereNull('email').update({ email });
      if (given > 0) await auditEmail(inner, actor, user, { email: null }, email);
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
  }
}

function auditEmail(
  tx: Database,
  actor: Actor,
  user: number,
  before: { email: string | null },
  email: string | null,
): Promise<void> {
  const entry = { place: { user }, object: `user ${user}`, before, after: { email } };
  return audit(tx, actor, { ...entry, action: 'email.changed' });
}
