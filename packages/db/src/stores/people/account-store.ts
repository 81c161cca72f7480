import type { AccountStore, UserAccount } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';

export function createAccountStore(database: Database): AccountStore {
  async function find(by: { name: string } | { id: number }): Promise<UserAccount | null> {
    const row = await database('users').where(by).first('id', 'name', 'password_hash');
    return row ? { id: row.id, name: row.name, passwordHash: row.password_hash } : null;
  }
  return translated<AccountStore>({
    byName: (name) => find({ name }),
    byNumber: (id) => find({ id }),
    setPassword: (_actor, user, passwordHash, exceptSession) =>
      database.transaction((tx) => setPassword(tx, user, passwordHash, exceptSession)),
  });
}

/** A new password ends what the old one has opened, and every other way to a new one. */
export async function setPassword(
  tx: Database,
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
}
