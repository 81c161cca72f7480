import { createHmac, hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Refusals } from '../audit/refusals.ts';
import { accountErrors } from '../errors.ts';
import { shortLine } from '../lib/turnstile.ts';
import type { Account, AccountStore } from '../ports/account-store.ts';
import { stranger } from './actor.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { isSameText, newToken } from './tokens.ts';

/** Counts failures by name; answers how many seconds that name has to wait. */
export interface Patience {
  failed(name: string): Promise<void>;
  waitSeconds(name: string): Promise<number>;
}

export interface SignInOptions {
  accounts: Pick<AccountStore, 'byName'>;
  patience: Patience;
  /** A secret that all processes of the installation share. */
  secret: string;
  /** Hears of wrong names and passwords. */
  refusals?: Pick<Refusals, 'note'>;
}

export interface Attempt {
  name: string;
  password: string;
  address: string;
  /** What a browser was given when somebody signed in with it before. */
  device?: string | undefined;
  /** The client's own words for itself. */
  client?: string | null | undefined;
}

export interface SignIn {
  /** Whose name and password these are. Throws `unauthenticated`, or `exhausted` when one has to wait first. */
  check(attempt: Attempt): Promise<Account>;
  /** For the browser of somebody who has signed in: it is then told from those of guessers. */
  deviceFor(name: string): string;
}

const MAX_KNOWN = 1000;
const MAX_WAITING = 100;
/** Of one name at one address: about as many as it has tries, so that it keeps nobody waiting for longer than these take. */
const MAX_OF_ONE = 10;
const BUSY_SECONDS = 5;

/**
 * Tells right passwords from wrong ones, slowly for guessers and not for owners. Wrong ones are counted for each name at
 * each address, over all processes of the API, and whoever has used up its tries there waits, whether the name exists or
 * not. Passwords are hashed one at a time, so that guesses from any number of addresses cost one processor at most.
 * Who has shown the right password to this process before, or comes with a browser that has signed in as this user, is
 * not counted with the others and has a line of its own: nobody else's guesses lock an owner out.
 */
export function createSignIn({ accounts, patience, secret, refusals }: SignInOptions): SignIn {
  const salt = randomBytes(32).toString('base64');
  const known = new LRUCache<string, true>({ max: MAX_KNOWN });
  const lines = { strangers: shortLine(MAX_WAITING), known: shortLine(MAX_WAITING) };
  const waiting = new Map<string, number>();
  const devices = createDevices(secret);
  let decoy: Promise<string> | undefined;

  async function isRight(password: string, account: Account | null): Promise<boolean> {
    // As slow for names that nobody has, so that nobody learns which there are.
    decoy ??= hashPassword(newToken());
    const isSame = await checkPassword(password, account?.passwordHash ?? (await decoy));
    return isSame && account?.passwordHash != null;
  }

  /** Whoever is to wait: a browser by itself, others by name and address. */
  function counted({ name, address, device }: Attempt): string {
    const who = devices.isOf(device, name) ? `device ${device}` : `${address} ${name}`;
    return `sign-in ${hash('sha256', who)}`;
  }

  async function refuseWhileWaiting(who: string): Promise<void> {
    const seconds = await patience.waitSeconds(who);
    if (seconds > 0) throw accountErrors.tooManyTries(seconds);
  }

  async function tried(attempt: Attempt, who: string | null): Promise<Account | null> {
    // Once more: others of the same name and address may have failed while this one stood in line.
    if (who !== null) await refuseWhileWaiting(who);
    const account = await accounts.byName(attempt.name);
    if (await isRight(attempt.password, account)) return account;
    if (who !== null) await patience.failed(who);
    noteWrong(refusals, attempt, account);
    return null;
  }

  /** In a line, whose other places are not all for one. Null when there is no room. */
  async function inLine(attempt: Attempt, who: string | null, line: ReturnType<typeof shortLine>) {
    const work = async () => ({ account: await tried(attempt, who) });
    if (who === null) return line(work);
    const before = waiting.get(who) ?? 0;
    if (before >= MAX_OF_ONE) return null;
    waiting.set(who, before + 1);
    try {
      return await line(work);
    } finally {
      const left = (waiting.get(who) ?? 1) - 1;
      if (left > 0) waiting.set(who, left);
      else waiting.delete(who);
    }
  }

  return {
    async check(attempt) {
      const proof = hash('sha256', `${salt}${attempt.name}\0${attempt.password}`);
      const isKnown = known.has(proof);
      const who = isKnown ? null : counted(attempt);
      if (who !== null) await refuseWhileWaiting(who);
      const isExpected = isKnown || devices.isOf(attempt.device, attempt.name);
      const line = isExpected ? lines.known : lines.strangers;
      const answer = await inLine(attempt, who, line);
      if (!answer) throw accountErrors.tooManyTries(BUSY_SECONDS);
      if (!answer.account) {
        known.delete(proof);
        throw accountErrors.wrongPassword();
      }
      known.set(proof, true);
      return answer.account;
    },
    deviceFor: devices.make,
  };
}

/** Marks of browsers that have signed in, each good for one name. */
function createDevices(secret: string) {
  function markOf(nonce: string, name: string): string {
    return createHmac('sha256', secret).update(`${nonce} ${name}`).digest('base64url');
  }
  return {
    isOf(device: string | undefined, name: string): boolean {
      const [nonce, mark] = device?.split('.', 2) ?? [];
      return nonce !== undefined && mark !== undefined && isSameText(mark, markOf(nonce, name));
    },
    make(name: string): string {
      const nonce = randomBytes(16).toString('base64url');
      return `${nonce}.${markOf(nonce, name)}`;
    },
  };
}

/** A name that nobody has may be a password in the wrong field: it is not kept. */
function noteWrong(
  refusals: SignInOptions['refusals'],
  { address, client = null }: Attempt,
  account: Account | null,
): void {
  const actor = { ...stranger(address, client), user: account?.id ?? null };
  refusals?.note({
    actor,
    action: 'sign-in',
    place: account && { user: account.id },
    object: account ? `user ${account.id}` : '',
    why: account ? 'wrong password' : 'there is no such user',
  });
}
