import type { Session, SessionStore } from '../ports/session-store.ts';
import type { Actor } from './actor.ts';
import type { Principal } from './principal.ts';
import { csrfTokenOf, hashToken, newToken } from './tokens.ts';

/** A session that nobody uses ends after so long, ms. */
export const SESSION_IDLE_MS = 12 * 3600_000;
/** And every session after so long, ms. */
export const SESSION_MS = 30 * 24 * 3600_000;

const MAX_CLIENT = 300;

/** One session with the secrets that its owner holds. */
export interface SignedIn {
  session: Session;
  /** The cookie's value. */
  token: string;
  csrfToken: string;
}

/** Who is signed in where. */
export interface Sessions {
  /** A new session with a new token; one that the same browser had before is another and should be closed. */
  open(user: number, address: string, client: string | undefined): Promise<SignedIn>;
  /** Asked anew each time: what was ended is gone at once. */
  find(token: string): Promise<(SignedIn & { who: Principal }) | null>;
  /** Whose sessions these tokens are, of many at once; good ones alone are in the answer. */
  findAll(tokens: readonly string[]): Promise<Map<string, Principal>>;
  list(user: number): Promise<Session[]>;
  /** Ends a session of the actor; false when it has none of this number. */
  close(actor: Actor, id: number): Promise<boolean>;
  /** Ends all sessions of the actor but the one that it uses, and says how many. */
  closeOthers(actor: Actor): Promise<number>;
}

export function createSessions(store: SessionStore): Sessions {
  return {
    async open(user, address, client) {
      const token = newToken();
      const session = await store.open({
        tokenHash: hashToken(token),
        user,
        address,
        client: client?.slice(0, MAX_CLIENT) ?? null,
      });
      return { session, token, csrfToken: csrfTokenOf(token) };
    },
    async find(token) {
      const found = await store.find(hashToken(token));
      return found && { ...found, token, csrfToken: csrfTokenOf(token) };
    },
    async findAll(tokens) {
      const found = await store.findAll(tokens.map(hashToken));
      return new Map(
        tokens.flatMap((token, at) => {
          const who = found[at];
          return who ? [[token, who] as const] : [];
        }),
      );
    },
    list: store.list,
    async close(actor, id) {
      return actor.user !== null && store.close(actor, actor.user, id);
    },
    async closeOthers(actor) {
      return actor.user === null ? 0 : store.closeOthers(actor, actor.user, actor.session);
    },
  };
}
