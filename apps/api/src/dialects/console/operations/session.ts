import { accessErrors, accountErrors, requestErrors } from '@spiderhub/core';
import { sessionContracts as contracts } from '@spiderhub/wire';
import type { Call, Operation } from '../../../http/operation.ts';
import { JsonReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { cookiesOf, setCookies } from '../cookies.ts';
import { served } from '../served.ts';
import { enter } from '../sign-in.ts';
import type { Site } from '../site.ts';
import { sessionView } from '../views.ts';

/** Signing in and out. */
export function sessionOperations(parts: Parts, site: Site): Operation[] {
  return [readSignInWays(parts), readSession(parts), signIn(parts, site), signOut(parts, site)];
}

const readSignInWays = (parts: Parts) =>
  served(
    contracts.readSignInWays,
    'open',
  )(async () => {
    const { letters, openId } = parts.people;
    return { mail: letters.canSend, openId: openId && { name: openId.name } };
  });

const readSession = (parts: Parts) =>
  served(
    contracts.readSession,
    'account.read',
  )(async ({ caller, headers }) => {
    const { name } = caller.account();
    const { session: token } = cookiesOf(headers);
    const found = token && caller.actor.session !== null ? await parts.people.sessions.find(token) : null;
    if (!found) throw accessErrors.forbidden('a key is no session');
    const { session, csrfToken } = found;
    return {
      user: { id: session.user, name },
      csrfToken,
      session: sessionView(session, session.id),
      hasPassword: await parts.people.accounts.hasPassword(session.user),
    };
  });

const signIn = (parts: Parts, site: Site) =>
  served(
    contracts.signIn,
    'open',
  )(async (call) => {
    const { name, password, token } = call.body;
    if (token !== undefined) {
      const used = await parts.people.accounts.signInByLink(site.stranger(call), token);
      return enter(parts, site, call, used);
    }
    if (name === undefined) throw requestErrors.invalid('name', 'is required');
    if (password === undefined) throw requestErrors.invalid('password', 'is required');
    const { device } = cookiesOf(call.headers);
    const client = call.headers['user-agent'];
    const attempt = { name, password, address: call.address, device, client };
    const user = await parts.people.signIn.check(attempt);
    return enter(parts, site, call, { user: user.id, name: user.name });
  });

const signOut = (parts: Parts, site: Site) =>
  served(
    contracts.signOut,
    'account.write',
  )(async (call: Call) => {
    const { caller } = call;
    caller.account();
    const { session } = caller.actor;
    if (session === null || !(await parts.people.sessions.close(caller.actor, session))) {
      throw accountErrors.notFound('session', String(session));
    }
    return new JsonReply({}, setCookies(null, site.isHttps(call)));
  });
