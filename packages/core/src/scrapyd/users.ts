import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { checkPassword, hashPassword } from '../access/passwords.ts';
import type { Principal } from '../access/principal.ts';
import { remembered } from '../lib/remembered.ts';
import type { ScrapydUser, ScrapydUserStore } from './ports/store.ts';

/** How long a stored user is trusted: a changed password works at most this much longer. */
const TRUST_MS = 1000;
const MAX_REMEMBERED = 1000;

export interface ScrapydUsers {
  /** Null when there is no such user, or the password is another one. */
  authenticate(username: string, password: string): Promise<Principal | null>;
}

/**
 * Checks passwords. A password that was right is remembered as a salted hash together with what is stored for it, so
 * that only the first of many requests costs a slow hash; what is stored is read again every second.
 */
export function createScrapydUsers(store: ScrapydUserStore, now: () => number = Date.now): ScrapydUsers {
  // Of this process: what it remembers of a password is worth nothing elsewhere.
  const salt = randomBytes(32).toString('base64');
  const users = remembered((username: string) => store.findUser(username), {
    trustMs: TRUST_MS,
    most: MAX_REMEMBERED,
    now,
  });
  const right = new LRUCache<string, string>({ max: MAX_REMEMBERED });
  let decoy: Promise<string> | undefined;

  async function isRight(user: ScrapydUser, password: string): Promise<boolean> {
    const mark = hash('sha256', `${salt}${user.username}\0${password}`);
    if (right.get(mark) === user.passwordHash) return true;
    if (!(await checkPassword(password, user.passwordHash))) return false;
    right.set(mark, user.passwordHash);
    return true;
  }

  return {
    async authenticate(username, password) {
      const user = await users.get(username);
      if (!user) {
        // As slow as a wrong password, so that nobody learns which names exist.
        decoy ??= hashPassword(randomBytes(16).toString('base64'));
        await checkPassword(password, await decoy);
        return null;
      }
      if (!(await isRight(user, password))) return null;
      return {
        name: username,
        user: null,
        shown: null,
        projects: new Map(),
        staff: false,
        organisations: new Map([[user.organisation, user.role]]),
      };
    },
  };
}
