import { stranger } from '@spiderhub/core';
import type { Call } from '../../http/operation.ts';
import { JsonReply } from '../../http/reply.ts';
import type { Parts } from '../../parts.ts';
import { cookiesOf, setCookies } from './cookies.ts';
import type { Site } from './site.ts';
import { sessionView } from './views.ts';

type Entering = Pick<Call<never, never, never>, 'headers' | 'address' | 'origin'>;

/** Begins a session, always under a new token: one that the browser brought along is closed, whoever gave it that. */
export async function enter(
  { people }: Parts,
  site: Site,
  call: Entering,
  { user, name }: { user: number; name: string },
) {
  const { sessions, signIn, accounts } = people;
  const before = cookiesOf(call.headers).session;
  const old = before ? await sessions.find(before) : null;
  if (old) {
    await sessions.close({ ...stranger(call.address), user: old.session.user }, old.session.id);
  }
  const { session, token, csrfToken } = await sessions.open(user, call.address, call.headers['user-agent']);
  const value = {
    user: { id: user, name },
    csrfToken,
    session: sessionView(session, session.id),
    hasPassword: await accounts.hasPassword(user),
  };
  return new JsonReply(value, setCookies(token, site.isHttps(call), signIn.deviceFor(name)));
}
