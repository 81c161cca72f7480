import { hash, randomBytes } from 'node:crypto';
import { checkPassword, hashPassword } from '../access/passwords.ts';
import type { Principal } from '../access/principal.ts';
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
  const users = new Map<string, { user: Promise<ScrapydUser | null>; until: number }>();
  const right = new Map<string, string>();
  let decoy: Promise<string> | undefined;

  function find(username: string): Promise<ScrapydUser | null> {
    const known = users.get(username);
    if (known && known.until > now()) return known.user;
    if (users.size >= MAX_REMEMBERED) users.clear();
    const user = store.findUser(username);
    users.set(username, { user, until: now() + TRUST_MS });
    user.catch(() => users.delete(username));
    return user;
  }

  async function isRight(user: ScrapydUser, password: string): Promise<boolean> {
    const mark = hash('sha256', `${salt}${user.username}\0${password}`);
    if (right.get(mark) === user.passwordHash) return true;
    if (!(await checkPassword(password, user.passwordHash))) return false;
    if (right.size >= MAX_REMEMBERED) right.clear();
    right.set(mark, user.passwordHash);
    return true;
  }

  return {
    async authenticate(username, password) {
      const user = await find(username);
      if (!user) {
        // As slow as a wrong password, so that nobody learns which names exist.
        decoy ??= hashPassword(randomBytes(16).toString('base64'));
        await checkPassword(password, await decoy);
        return null;
      }
      if (!(await isRight(user, password))) return null;
      return { name: username, projects: new Set(), staff: false, organisations: [user.organisation] };
    },
  };
}
