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
  madeBy: string;
  createdAt: Date;
  expiresAt: Date;
}

/** What a link is for, as who holds it may see it. */
export type Link =
  | ({ kind: 'invitation' } & Pick<Invitation, 'organisation' | 'project' | 'role' | 'expiresAt'>)
  | { kind: 'password' | 'sign-in'; user: string; expiresAt: Date };

/** A user who takes an invitation: one that there is, or a new one. */
export type Guest = { user: number } | { name: string; passwordHash: string };

/**
 * Links that work once and for a while. Only the hashes of their tokens are stored. A link that is unknown, used or too
 * old is answered in one way: null.
 */
export interface LinkStore {
  /** Throws `not_found` for an organisation or a project that there is not. */
  invite(actor: Actor, place: Place, role: Role, tokenHash: Buffer, forMs: number): Promise<Invitation>;
  /** Another link of the same kind for the same user ends. */
  forUser(
    actor: Actor,
    kind: 'password' | 'sign-in',
    user: number,
    tokenHash: Buffer,
    forMs: number,
  ): Promise<{ expiresAt: Date }>;
  look(tokenHash: Buffer): Promise<Link | null>;
  /** Invitations that still wait. */
  waiting(place: Place): Promise<Invitation[]>;
  /** Takes one back; false when none of this number waits there. */
  withdraw(actor: Actor, place: Place, id: number): Promise<boolean>;
  /**
   * Makes the guest a member, or what the invitation says when that is more than the guest is. Throws `conflict` for a
   * name that is taken, and the link is good for another try then.
   */
  accept(actor: Actor, tokenHash: Buffer, guest: Guest): Promise<{ user: number } | null>;
  /** Uses up a link that signs in: whose it was. */
  takeSignIn(actor: Actor, tokenHash: Buffer): Promise<{ user: number } | null>;
  /** Uses up a link for a password, sets it, and ends all sessions of its user. */
  takePassword(actor: Actor, tokenHash: Buffer, passwordHash: string): Promise<{ user: number } | null>;
}
