import { accessErrors, accountErrors } from '../errors.ts';
import type { LinkStore, Place } from '../ports/link-store.ts';
import type { MemberStore } from '../ports/member-store.ts';
import type { Accounts, MadeLink } from './accounts.ts';
import type { Actor } from './actor.ts';
import { type Role, ranksWith } from './roles.ts';
import { hashToken, newToken } from './tokens.ts';

/** How long an invitation is good, ms. */
export const INVITATION_MS = 7 * 24 * 3600_000;

/** Somebody who may manage members, and what it is there: nobody makes others mightier than that. */
export interface Manager {
  actor: Actor;
  /** Null for staff that is no member. */
  role: Role | null;
  rank: Role;
  staff: boolean;
}

/** Who is what in organisations and projects. Whether one may ask at all, the door has said before. */
export interface Memberships {
  /** Throws `forbidden` for a role above the manager's own. */
  invite(manager: Manager, place: Place, role: Role): Promise<MadeLink>;
  /** Throws `not_found` for who is no member, `forbidden` for roles above the manager's own, `conflict` for the last owner. */
  changeRole(manager: Manager, place: Place, user: number, role: Role): Promise<void>;
  /** The same. Who leaves an organisation leaves its projects, too. */
  remove(manager: Manager, place: Place, user: number): Promise<void>;
  /**
   * A link for a member who has forgotten the password. Throws `forbidden` when the member is mightier than the manager,
   * or is somebody elsewhere, too: there the manager has no say.
   */
  passwordLink(manager: Manager, organisation: number, user: number): Promise<MadeLink>;
}

/** A link by which its holder becomes a member. */
export async function makeInvitation(
  links: LinkStore,
  actor: Actor,
  place: Place,
  role: Role,
): Promise<MadeLink> {
  const token = newToken();
  const { expiresAt } = await links.invite(actor, place, role, hashToken(token), INVITATION_MS);
  return { token, expiresAt };
}

export function createMemberships(members: MemberStore, links: LinkStore, accounts: Accounts): Memberships {
  /** What the user is there, when the manager ranks with that. */
  async function ranked({ rank }: Manager, place: Place, user: number): Promise<Role> {
    const role = await members.roleOf(place, user);
    if (!role) throw accountErrors.memberNotFound(user);
    if (!ranksWith(rank, role)) throw accountErrors.mightier();
    return role;
  }

  return {
    async invite({ actor, rank }, place, role) {
      if (!ranksWith(rank, role)) throw accountErrors.mightier();
      return makeInvitation(links, actor, place, role);
    },
    async changeRole(manager, place, user, role) {
      const from = await ranked(manager, place, user);
      if (!ranksWith(manager.rank, role)) throw accountErrors.mightier();
      const { actor } = manager;
      if (!(await members.changeRole(actor, place, user, from, role)))
        throw accountErrors.memberNotFound(user);
    },
    async remove(manager, place, user) {
      const from = await ranked(manager, place, user);
      if (!(await members.removeMember(manager.actor, place, user, from)))
        throw accountErrors.memberNotFound(user);
    },
    async passwordLink(manager, organisation, user) {
      await ranked(manager, { organisation }, user);
      if (!manager.staff && !(await members.isOnlyIn(user, organisation))) {
        throw accessErrors.forbidden('this user belongs elsewhere, too: only staff makes such a link');
      }
      return accounts.linkFor(manager.actor, 'password', user);
    },
  };
}
