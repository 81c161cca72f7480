import { accessErrors, accountErrors } from '../errors.ts';
import type { Addressee, Invitation, LinkStore, Place } from '../ports/link-store.ts';
import type { MemberStore } from '../ports/member-store.ts';
import type { Accounts, MadeLink } from './accounts.ts';
import type { Actor } from './actor.ts';
import type { Letters, Recipient } from './letters.ts';
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
  /**
   * Makes a link to hand on. `to`: whom it is for; where mail is set up it goes there alone, and null is answered. Throws
   * `forbidden` for a role above the manager's own, and what `Letters` throw: then there is no invitation.
   */
  invite(manager: Manager, place: Place, role: Role, to?: Recipient | null): Promise<MadeInvitation>;
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

export interface MadeInvitation {
  expiresAt: Date;
  /** Null: it was mailed to `mailedTo`, and nobody else learns it. */
  token: string | null;
  mailedTo: string | null;
}

/** A link by which its holder becomes a member. */
export async function makeInvitation(
  links: LinkStore,
  actor: Actor,
  place: Place,
  role: Role,
  to: Addressee | null = null,
): Promise<MadeLink & { invitation: Invitation }> {
  const token = newToken();
  const invitation = await links.invite(actor, place, role, hashToken(token), INVITATION_MS, to);
  return { token, expiresAt: invitation.expiresAt, invitation };
}

export interface MembershipParts {
  members: MemberStore;
  links: LinkStore;
  accounts: Accounts;
  letters: Letters;
}

export function createMemberships({ members, links, accounts, letters }: MembershipParts): Memberships {
  /** What the user is there, when the manager ranks with that. */
  async function ranked({ rank }: Manager, place: Place, user: number): Promise<Role> {
    const role = await members.roleOf(place, user);
    if (!role) throw accountErrors.memberNotFound(user);
    if (!ranksWith(rank, role)) throw accountErrors.mightier();
    return role;
  }

  return {
    async invite({ actor, rank }, place, role, to = null) {
      if (!ranksWith(rank, role)) throw accountErrors.mightier();
      const mailed = to !== null && letters.canSend;
      const addressee = to && { email: to.email, mailed };
      const { invitation, ...link } = await makeInvitation(links, actor, place, role, addressee);
      if (!mailed) return { ...link, mailedTo: null };
      const { id, organisation, project } = invitation;
      try {
        await letters.invitation(to, link, { place: (project ?? organisation).name, role, by: actor.name });
      } catch (error) {
        await links.withdraw(actor, place, id);
        throw error;
      }
      return { token: null, mailedTo: to.email, expiresAt: link.expiresAt };
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
