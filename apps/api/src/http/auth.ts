import { DomainError, type Principal } from '@spiderhub/core';
import type { Request, RequestHandler } from 'express';
import { Passport } from 'passport';
import type { Credentials } from './credentials.ts';
import { KeyStrategy } from './key-strategy.ts';
import type { Throttle } from './throttle.ts';

declare global {
  namespace Express {
    // The one place where passport's user becomes ours.
    interface User extends Principal {}
  }
}

export interface AuthOptions {
  realm: string;
  verify: (credentials: Credentials) => Promise<Principal | null>;
  throttle: Throttle;
}

const MAX_TRUSTED = 10_000;

/**
 * Lets a request pass with valid credentials and sets `req.user`; hands `unauthenticated` on otherwise. An address
 * with too many failures is refused before the database is asked, except for keys that have worked before: behind
 * one proxy a stranger's guesses must not lock out everybody else.
 */
export function requireKey({ realm, verify, throttle }: AuthOptions): RequestHandler {
  const trusted = new Set<string>();
  const passport = new Passport();
  passport.use(
    new KeyStrategy({
      realm,
      verify,
      mayTry(req, { user }) {
        if (trusted.has(user)) return null;
        const seconds = throttle.waitSeconds(addressOf(req));
        return seconds === 0 ? null : tooManyFailures(seconds);
      },
      succeeded({ user }) {
        if (trusted.size >= MAX_TRUSTED) trusted.clear();
        trusted.add(user);
      },
      failed: (req) => throttle.failed(addressOf(req)),
    }),
  );
  // With `assignProperty` passport has no login to keep: each request brings its key.
  return passport.authenticate('key', { assignProperty: 'user', authInfo: false, failWithError: true });
}

/** The caller of a request that passed `requireKey`. */
export function callerOf(req: Request): Principal {
  if (!req.user) throw new Error('a route without authentication asked who is calling');
  return req.user;
}

function addressOf(req: Request): string {
  return req.ip ?? '';
}

function tooManyFailures(retryAfterSeconds: number): DomainError {
  return new DomainError('exhausted', 'too_many_failures', 'Too many failed attempts, try again later', {
    details: { retryAfterSeconds },
  });
}
