import type { Actor } from '../access/actor.ts';
import type { Role } from '../access/roles.ts';

/** Where somebody is invited to: an organisation, or one project alone. */
export type Place = { organisation: number } | { project: number };

export interface Invitation {
  id: number;
  organisation: { id: number; name: string };
  /** Null: all of the organisation. */
  project: { id: number; name: string } | null;
  role: Role;
  /** Whom it is for, when that was said. */
  email: string | null;
  madeBy: string;
  createdAt: Date;
  expiresAt: Date;
}

/** What a link is for, as who holds it may see it. */
export type Link =
  | ({ kind: 'invitation' } & Pick<Invitation, 'organisation' | 'project' | 'role' | 'expiresAt'>)
  | { kind: UserLink; user: string; expiresAt: Date };

/** Links for a user that there is: to set a password, to sign in, to show that an address is the user's. */
export type UserLink = 'password' | 'sign-in' | 'email';

/** Whom an invitation is for. `mailed`: it goes to this address and to nobody else, so that who takes it has that. */
export interface Addressee {
  email: string;
  mailed: boolean;
}

/** A user who takes an invitation: one that there is, or a new one. */
export type Guest = { user: number } | { name: string; passwordHash: string };

/**
 * Links that work once and for a while. Only the hashes of their tokens are stored. A link that is unknown, used or too
 * old is answered in one way: null.
 */
export interface LinkStore {
  /** Throws `not_found` for an organisation or a project that there is not. */
  invite(
    actor: Actor,
    place: Place,
    role: Role,
    tokenHash: Buffer,
    forMs: number,
    to?: Addressee | null,
  ): Promise<Invitation>;
  /**
   * Another link of the same kind for the same user ends. `email`: the address that a link of that kind is about. Throws
   * `forbidden` for a user of the staff when a user or a key asks that is neither the user itself nor staff.
   */
  forUser(
    actor: Actor,
    kind: UserLink,
    user: number,
    tokenHash: Buffer,
    forMs: number,
    email?: string | null,
  ): Promise<{ expiresAt: Date }>;
  look(tokenHash: Buffer): Promise<Link | null>;
  /** Invitations that still wait. */
  waiting(place: Place): Promise<Invitation[]>;
  /** Takes one back; false when none of this number waits there. */
  withdraw(actor: Actor, place: Place, id: number): Promise<boolean>;
  /**
   * Makes the guest a member, or what the invitation says when that is more than the guest is. Throws `conflict` for a
   * name that is taken, and the link is good for another try then. Who takes a mailed one has its address from then on,
   * unless it has another or somebody else has this one.
   */
  accept(actor: Actor, tokenHash: Buffer, guest: Guest): Promise<{ user: number } | null>;
  /** Uses up a link that signs in: whose it was. */
  takeSignIn(actor: Actor, tokenHash: Buffer): Promise<{ user: number } | null>;
  /**
   * Uses up a link for an address, which is the actor's then; false when it is no such link of the actor. Throws `conflict`
   * when the address is somebody else's by now, and the link is good for another try then.
   */
  takeEmail(actor: Actor, tokenHash: Buffer): Promise<boolean>;
  /** Uses up a link for a password, sets it, and ends all sessions of its user. */
  takePassword(actor: Actor, tokenHash: Buffer, passwordHash: string): Promise<{ user: number } | null>;
}
