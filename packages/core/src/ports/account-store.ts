import type { Actor } from '../access/actor.ts';

export interface Account {
  id: number;
  name: string;
  /** Null for who has none: such a user signs in by a link. */
  passwordHash: string | null;
  /** An address that the user has shown to be its own, or null. */
  email: string | null;
}

/** Users as they sign in. */
export interface AccountStore {
  byName(name: string): Promise<Account | null>;
  byNumber(id: number): Promise<Account | null>;
  /** Whose address it is, in capitals or not. */
  byEmail(email: string): Promise<Account | null>;
  /** Null: none. Throws `conflict` for an address that is somebody else's. */
  setEmail(actor: Actor, user: number, email: string | null): Promise<void>;
  /** Sets the password, and ends all sessions of the user but one, and the links that would sign in or set another. */
  setPassword(actor: Actor, user: number, passwordHash: string, exceptSession: number | null): Promise<void>;
}
