import {
  type Caller,
  type Invitation,
  type ListedKey,
  linkTo,
  type MadeInvitation,
  type MadeKey,
  type MadeLink,
  type MemberOf,
  type ProjectOf,
  type Session,
} from '@spiderhub/core';

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

export function invitationView({ id, role, email, madeBy, createdAt, expiresAt }: Invitation) {
  return { id, role, email, madeBy, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
}

export function passwordLinkView(site: string, { token, expiresAt }: MadeLink) {
  return { link: linkTo(site, 'password', token), token, expiresAt: expiresAt.toISOString() };
}

export function invitedView(site: string, { token, mailedTo, expiresAt }: MadeInvitation) {
  const link = token === null ? null : linkTo(site, 'invitation', token);
  return { link, token, mailedTo, expiresAt: expiresAt.toISOString() };
}

export function keyView({ lastUse, staff: _staff, ...key }: ListedKey) {
  const { createdAt, expiresAt, revokedAt, actions, projects, networks } = key;
  return {
    ...key,
    actions: actions && [...actions],
    projects: projects && [...projects],
    networks: networks && [...networks],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    isGood: revokedAt === null && (expiresAt === null || expiresAt.getTime() > Date.now()),
    lastUse: lastUse && { ...lastUse, at: lastUse.at.toISOString() },
  };
}

export function madeKeyView({ apiKey, key }: MadeKey) {
  return { apiKey, key: keyView(key) };
}
