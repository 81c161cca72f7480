import { DomainError, isRandomKey, type Principal, type Visitor } from '@spiderhub/core';
import type { Request, RequestHandler } from 'express';
import { Passport } from 'passport';
import type { Credentials } from './credentials.ts';
import type { Doorkeeper, Way } from './doorkeeper.ts';
import { KeyStrategy } from './key-strategy.ts';

declare global {
  namespace Express {
    // The one place where passport's user becomes ours.
    interface User extends Principal {}
  }
}

export interface AuthOptions {
  realm: string;
  verify: (credentials: Credentials, from: Visitor) => Promise<Principal | null>;
  /** Credentials that are signed: wrong ones are told from good ones without the database. */
  isSigned?: (credentials: Credentials) => boolean;
  doorkeeper: Doorkeeper;
}

/**
 * Lets a request pass with valid credentials and sets `req.user`; hands `unauthenticated` on otherwise, or `exhausted`
 * to an address with too many failures.
 */
export function requireKey({ realm, verify, isSigned, doorkeeper }: AuthOptions): RequestHandler {
  const passport = new Passport();
  passport.use(
    new KeyStrategy({
      realm,
      verify(req, credentials) {
        const way: Way = {
          // The password beside a key means nothing, and a token is verified whatever worked before.
          proof: credentials.user,
          verify: () => verify(credentials, visitorOf(req)),
          whileWaiting: isSigned?.(credentials) ? 'freely' : keyWhileWaiting(credentials.user),
        };
        return doorkeeper.check(req.ip ?? '', [way], tooManyFailures);
      },
    }),
  );
  // With `assignProperty` passport has no login to keep: each request brings its key.
  return passport.authenticate('key', { assignProperty: 'user', authInfo: false, failWithError: true });
}

/** Making wait is against the load of guesses; only a key that somebody chose could be found by them. */
export function keyWhileWaiting(key: string): Way['whileWaiting'] {
  return isRandomKey(key) ? 'in turn' : 'not';
}

/** From where a request came, as far as our proxies are believed, and with what. */
export function visitorOf(req: Request): Visitor {
  return { address: req.ip ?? null, client: req.headers['user-agent'] ?? null };
}

/** The caller of a request that passed `requireKey`. */
export function callerOf(req: Request): Principal {
  if (!req.user) throw new Error('a route without authentication asked who is calling');
  return req.user;
}

const renewals = new WeakMap<Request, () => Promise<Principal | null>>();

/** Remembers how to look again at what a request was sent with: for answers that outlive the look at its beginning. */
export function renewWith(req: Request, look: () => Promise<Principal | null>): void {
  renewals.set(req, look);
}

/** Who shows these credentials at this moment, null when they are not good any more. */
export function callerNow(req: Request): Promise<Principal | null> {
  const look = renewals.get(req);
  if (!look) throw new Error('a dialect that cannot look at credentials again has a live answer');
  return look();
}

export function tooManyFailures(retryAfterSeconds: number): DomainError {
  return new DomainError('exhausted', 'too_many_failures', 'Too many failed attempts, try again later', {
    details: { retryAfterSeconds },
  });
}
