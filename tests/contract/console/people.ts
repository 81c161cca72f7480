import { hashPassword, hashToken, newToken, type Role } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import type { ApiUnderTest } from '../../integration/api/support.ts';

export const PASSWORD = 'seven green bicycles';

/** A user who is this in the organisation, and signs in with PASSWORD. */
export async function makeUser(api: ApiUnderTest, name: string, organisation?: string, role: Role = 'owner') {
  const { database } = api.database;
  const admin = createAdminStore(database);
  const { value: user } = await admin.createUser(name);
  await database('users')
    .where({ id: user.id })
    .update({ password_hash: await hashPassword(PASSWORD) });
  if (organisation) await admin.addMember(organisation, name, role);
  return user;
}

/** The token of a link that signs the user in. */
export async function signInToken(api: ApiUnderTest, user: number): Promise<string> {
  const token = newToken();
  await api.database.database('links').insert({
    kind: 'sign-in',
    token_hash: hashToken(token),
    user_id: user,
    made_by: 'test',
    expires_at: api.database.database.raw("now() + interval '1 hour'"),
  });
  return token;
}

export async function organisationOf(api: ApiUnderTest, name: string): Promise<number> {
  return (await api.database.database('organisations').where({ name }).first('id')).id;
}
