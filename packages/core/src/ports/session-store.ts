import type { Actor } from '../access/actor.ts';
import type { Principal } from '../access/principal.ts';

/** Where somebody is signed in. */
export interface Session {
  id: number;
  user: number;
  createdAt: Date;
  /** To the minute. */
  seenAt: Date;
  endsAt: Date;
  address: string | null;
  /** The browser's own words for itself. */
  client: string | null;
}

export interface NewSession {
  tokenHash: Buffer;
  user: number;
  address: string | null;
  client: string | null;
}

/** Sessions that are neither idle for too long nor too old; others are as good as gone. */
export interface SessionStore {
  open(session: NewSession): Promise<Session>;
  /** Whose it is, as of this moment, and notes that it was seen. */
  find(tokenHash: Buffer): Promise<{ session: Session; who: Principal } | null>;
  /** Whose they are, of several at once, in their order; notes that they were seen. */
  findAll(tokenHashes: readonly Buffer[]): Promise<(Principal | null)[]>;
  /** Of one user, the one that was seen last first. */
  list(user: number): Promise<Session[]>;
  /** Ends one session of the user; false when there is none of this number. */
  close(actor: Actor, user: number, id: number): Promise<boolean>;
  /** Ends all sessions of the user but one, and says how many. */
  closeOthers(actor: Actor, user: number, except: number | null): Promise<number>;
}
