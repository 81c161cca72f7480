import { type Action, accountErrors, type Caller, type Manager, type Place } from '@spiderhub/core';
import { makePasswordLink, organisationMembers, projectMembers } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';
import type { Site } from '../site.ts';
import { invitationView, invitedView, memberView, passwordLinkView } from '../views.ts';

interface Where<P> {
  placeOf(params: P): Place;
  /** Asks the door, and says who asks. */
  ask(caller: Caller, params: P): Promise<Manager>;
}

type OfUser = { user: number };
type OfInvitation = { invitation: number };

const IN_ORGANISATION: Where<{ organisation: number }> = {
  placeOf: ({ organisation }) => ({ organisation }),
  ask: (caller, { organisation }) => caller.mayIn(organisation),
};
const IN_PROJECT: Where<{ project: number }> = {
  placeOf: ({ project }) => ({ project }),
  ask: (caller, { project }) => caller.mayManage(project),
};

/** Who is what in organisations and in projects, and who is invited. */
export function memberOperations(parts: Parts, site: Site): Operation[] {
  return [
    ...operationsOf(parts, site, organisationMembers, IN_ORGANISATION, 'organisations.read'),
    passwordLink(parts, site),
    ...operationsOf(parts, site, projectMembers as never, IN_PROJECT, 'projects.list'),
  ];
}

function operationsOf<P>(
  parts: Parts,
  site: Site,
  contracts: typeof organisationMembers,
  { placeOf, ask }: Where<P>,
  reading: Action,
): Operation[] {
  const place = (params: unknown) => placeOf(params as P);
  const asked = (caller: Caller, params: unknown) => ask(caller, params as P);
  return [
    served(
      contracts.list,
      reading,
    )(async ({ caller, params }) => {
      await asked(caller, params);
      return { members: (await parts.people.members.members(place(params))).map(memberView) };
    }),
    served(
      contracts.change,
      'members.write',
    )(async ({ caller, params, body }) => {
      const manager = await asked(caller, params);
      await parts.people.memberships.changeRole(manager, place(params), (params as OfUser).user, body.role);
      return {};
    }),
    served(
      contracts.remove,
      'members.write',
    )(async ({ caller, params }) => {
      const manager = await asked(caller, params);
      await parts.people.memberships.remove(manager, place(params), (params as OfUser).user);
      return {};
    }),
    served(
      contracts.invitations,
      'members.write',
    )(async ({ caller, params }) => {
      await asked(caller, params);
      const waiting = await parts.people.links.waiting(place(params));
      return { invitations: waiting.map(invitationView) };
    }),
    served(
      contracts.invite,
      'members.write',
    )(async (call) => {
      const manager = await asked(call.caller, call.params);
      const { role, email } = call.body;
      const { memberships, letters } = parts.people;
      const to = email === undefined ? null : { email, site: letters.canSend ? site.published() : '' };
      const made = await memberships.invite(manager, place(call.params), role, to);
      return invitedView(site.address(call), made);
    }),
    served(
      contracts.withdraw,
      'members.write',
    )(async ({ caller, params }) => {
      const { actor } = await asked(caller, params);
      if (!(await parts.people.links.withdraw(actor, place(params), (params as OfInvitation).invitation))) {
        throw accountErrors.notFound('invitation', String((params as OfInvitation).invitation));
      }
      return {};
    }),
  ];
}

const passwordLink = (parts: Parts, site: Site) =>
  served(
    makePasswordLink,
    'members.write',
  )(async (call) => {
    const { caller, params } = call;
    const manager = await caller.mayIn(params.organisation);
    const link = await parts.people.memberships.passwordLink(manager, params.organisation, params.user);
    return passwordLinkView(site.address(call), link);
  });
