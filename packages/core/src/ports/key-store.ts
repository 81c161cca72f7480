import type { Actor } from '../access/actor.ts';
import type { Role } from '../access/roles.ts';

/** Whose a key is: it may do what its user may, or it is a member of one project. */
export type KeyOwner = { user: number } | { project: number };

/** Where keys are looked for: those of an owner, those that reach into an organisation, or all. */
export type KeyPlace = KeyOwner | { organisation: number } | 'anywhere';

/** What a key is good for. */
export interface KeyTerms {
  /** For people. */
  name: string;
  /** Of a key of a project: what it is there. */
  role: Role | null;
  /** Null: all that its owner may do. */
  actions: readonly string[] | null;
  /** Of a user's key: the projects that it is good for; null: all that the user reaches. */
  projects: readonly number[] | null;
  /** Addresses and networks that it is good from; null: all. */
  networks: readonly string[] | null;
  expiresAt: Date | null;
}

export interface ListedKey extends KeyTerms {
  id: number;
  hint: string;
  user: { id: number; name: string } | null;
  project: number | null;
  staff: boolean;
  createdAt: Date;
  madeBy: string;
  revokedAt: Date | null;
  /** The key that was made to take its place. */
  replacedBy: number | null;
  lastUse: { at: Date; address: string | null; client: string | null } | null;
}

/** The part of a key that is stored of its secret. */
export interface KeySecret {
  hash: Buffer;
  hint: string;
}

export interface KeyUse {
  key: number;
  at: Date;
  address: string | null;
  client: string | null;
}

export interface KeyStore {
  /**
   * Those that are good, and those that ended lately; in order of their numbers. Addresses and clients of a member's key
   * are left out of an organisation's list when the user belongs elsewhere, too.
   */
  list(place: KeyPlace): Promise<ListedKey[]>;
  find(place: KeyPlace, id: number): Promise<ListedKey | null>;
  /** Throws `conflict` when the owner has as many good ones as anybody may have. */
  make(actor: Actor, owner: KeyOwner, secret: KeySecret, terms: KeyTerms): Promise<ListedKey>;
  /**
   * Makes a key that is good for the same, and lets the old one end `graceMs` from now, or when it would have anyway.
   * Throws `not_found`, and `conflict` for a key that is over, was replaced already or goes with a variable.
   */
  rotate(
    actor: Actor,
    id: number,
    secret: KeySecret,
    change: { graceMs: number; expiresAt: Date | null | undefined },
  ): Promise<ListedKey>;
  /** Again is fine. */
  revoke(actor: Actor, id: number): Promise<ListedKey>;
  /** Older uses than those that are known change nothing. */
  saveUses(uses: readonly KeyUse[]): Promise<void>;
}
