import type { Caller, Invitation, MadeLink, MemberOf, ProjectOf, Session } from '@spiderhub/core';

/** What the core knows in the words of `/console`. */

export function sessionView(session: Session, current: number | null) {
  const { id, createdAt, seenAt, endsAt, address, client } = session;
  const times = {
    createdAt: createdAt.toISOString(),
    seenAt: seenAt.toISOString(),
    endsAt: endsAt.toISOString(),
  };
  return { id, ...times, address, client, isCurrent: id === current };
}

export function projectView({ id, name, paused, organisationId, organisation }: ProjectOf, caller: Caller) {
  return {
    id,
    name,
    paused,
    organisation: { id: organisationId, name: organisation },
    role: caller.rank(id),
  };
}

export function memberView({ user, name, role, since, seenAt }: MemberOf) {
  return { user, name, role, since: since.toISOString(), seenAt: seenAt?.toISOString() ?? null };
}

export function invitationView({ id, role, madeBy, createdAt, expiresAt }: Invitation) {
  return { id, role, madeBy, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
}

/** The token stands behind the `#`, which browsers keep to themselves. */
export function linkView(site: string, page: string, { token, expiresAt }: MadeLink) {
  return { link: `${site}/${page}#token=${token}`, token, expiresAt: expiresAt.toISOString() };
}
