import { accessErrors, accountErrors } from '@spiderhub/core';
import { linkContracts, sessionContracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { cookiesOf } from '../cookies.ts';
import { served } from '../served.ts';
import { enter } from '../sign-in.ts';
import type { Site } from '../site.ts';
import { projectView, sessionView } from '../views.ts';

/** What concerns the caller alone: who it is, where it is signed in, its password, its invitations. */
export function accountOperations(parts: Parts, site: Site): Operation[] {
  return [
    readMe(parts),
    ...sessionListOperations(parts),
    changePassword(parts),
    changeEmail(parts, site),
    confirmEmail(parts),
    readLink(parts),
    createAccount(parts, site),
    acceptInvitation(parts),
    askForPassword(parts, site),
    setPassword(parts, site),
  ];
}

const readMe = (parts: Parts) =>
  served(
    sessionContracts.readMe,
    'account.read',
  )(async ({ caller, headers }) => {
    const { name, user, staff, organisations: mine, projects } = caller.account();
    const { members, sessions } = parts.people;
    const { session: token } = cookiesOf(headers);
    const session = token && caller.actor.session !== null ? await sessions.find(token) : null;
    return {
      name,
      user,
      email: user === null ? null : await parts.people.accounts.emailOf(user),
      staff,
      organisations: (await members.organisations([...mine.keys()])).map((one) => ({
        ...one,
        role: mine.get(one.id) ?? 'reader',
      })),
      projects: (await members.projects(projects)).map((project) => {
        const { paused: _paused, ...view } = projectView(project, caller);
        return view;
      }),
      csrfToken: session?.csrfToken ?? null,
    };
  });

function sessionListOperations(parts: Parts): Operation[] {
  return [
    served(
      sessionContracts.listSessions,
      'account.read',
    )(async ({ caller }) => {
      const { user } = caller.account();
      if (user === null) throw accessErrors.forbidden('a key that belongs to no user has no sessions');
      const sessions = await parts.people.sessions.list(user);
      return { sessions: sessions.map((session) => sessionView(session, caller.actor.session)) };
    }),
    served(
      sessionContracts.endSession,
      'account.write',
    )(async ({ caller, params }) => {
      caller.account();
      if (!(await parts.people.sessions.close(caller.actor, params.session))) {
        throw accountErrors.notFound('session', String(params.session));
      }
      return {};
    }),
    served(
      sessionContracts.endOtherSessions,
      'account.write',
    )(async ({ caller }) => {
      caller.account();
      return { ended: await parts.people.sessions.closeOthers(caller.actor) };
    }),
  ];
}

const changePassword = (parts: Parts) =>
  served(
    sessionContracts.changePassword,
    'account.write',
  )(async ({ caller, body }) => {
    caller.account();
    await parts.people.accounts.changePassword(caller.actor, body.current, body.password);
    return {};
  });

const changeEmail = (parts: Parts, site: Site) =>
  served(
    sessionContracts.changeEmail,
    'account.write',
  )(async ({ caller, body }) => {
    caller.account();
    const { accounts, letters } = parts.people;
    if (!letters.canSend) throw accountErrors.noMail();
    await accounts.askForEmail(caller.actor, body.current, { email: body.email, site: site.published() });
    return {};
  });

const confirmEmail = (parts: Parts) =>
  served(
    sessionContracts.confirmEmail,
    'account.write',
  )(async ({ caller, body }) => {
    caller.account();
    await parts.people.accounts.confirmEmail(caller.actor, body.token);
    return {};
  });

const askForPassword = (parts: Parts, site: Site) =>
  served(
    linkContracts.askForPassword,
    'open',
  )(async (call) => {
    const { email } = call.body;
    await parts.people.forgotten.ask(site.stranger(call), { email, site: site.published() });
    return {};
  });

const readLink = (parts: Parts) =>
  served(
    linkContracts.readLink,
    'open',
  )(async ({ body }) => {
    const link = await parts.people.accounts.look(body.token);
    const expiresAt = link.expiresAt.toISOString();
    if (link.kind !== 'invitation') return { kind: link.kind, user: link.user, expiresAt };
    const { kind, organisation, project, role } = link;
    return { kind, organisation, project, role, expiresAt };
  });

const createAccount = (parts: Parts, site: Site) =>
  served(
    linkContracts.createAccount,
    'open',
  )(async (call) => {
    const { token, name, password } = call.body;
    const { user } = await parts.people.accounts.createByInvitation(
      site.stranger(call),
      token,
      name,
      password,
    );
    return enter(parts, site, call, { user, name });
  });

const acceptInvitation = (parts: Parts) =>
  served(
    linkContracts.acceptInvitation,
    'account.write',
  )(async ({ caller, body }) => {
    caller.account();
    await parts.people.accounts.accept(caller.actor, body.token);
    return {};
  });

const setPassword = (parts: Parts, site: Site) =>
  served(
    linkContracts.setPassword,
    'open',
  )(async (call) => {
    const { token, password } = call.body;
    return enter(
      parts,
      site,
      call,
      await parts.people.accounts.setByLink(site.stranger(call), token, password),
    );
  });
