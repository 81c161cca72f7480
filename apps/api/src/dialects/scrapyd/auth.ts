import { hash, randomBytes } from 'node:crypto';
import { type Principal, stranger } from '@spiderhub/core';
import type { Request } from 'express';
import { keyWhileWaiting, visitorOf } from '../../http/auth.ts';
import { isOwnHost } from '../../http/browser-guard.ts';
import { type Credentials, readBasic } from '../../http/credentials.ts';
import type { Doorkeeper, Way } from '../../http/doorkeeper.ts';
import { HttpProblem } from '../../http/errors.ts';
import type { Parts } from '../../parts.ts';

const MAX_CREDENTIAL = 1000;
/** Of this process: what it remembers of a password is worth nothing elsewhere. */
const SALT = randomBytes(16).toString('base64');

/**
 * Who is asking without credentials: a program at an address that its operator trusts. A name that somebody else answers
 * for is not enough: a page could let its own name lead here, and then it would be read as ours.
 */
export async function guest(req: Request, { scrapyd }: Parts, publicUrl?: string): Promise<Principal | null> {
  const credentials = readBasic(req.headers.authorization ?? '');
  // Some clients send an empty name and password when they have none.
  if (req.headers.authorization !== undefined && (credentials?.user !== '' || credentials.password !== ''))
    return null;
  return isOwnHost(req.headers.host, publicUrl) ? scrapyd.guests.at(req.ip ?? '') : null;
}

/**
 * Who is asking: a Scrapyd user of an organisation by name and password, or an API key as user name. Null without
 * valid credentials. Passwords can be guessed, so at an address with too many failures only a pair of name and password
 * is looked at that has worked before.
 */
export async function authenticate(
  req: Request,
  { access, scrapyd, refusals }: Parts,
  doorkeeper: Doorkeeper,
): Promise<Principal | null> {
  const credentials = readBasic(req.headers.authorization ?? '');
  if (!credentials || !isUsable(credentials)) return null;
  const { user, password } = credentials;
  const from = visitorOf(req);
  const ways: Way[] = [
    { proof: user, verify: () => access.authenticate(user, from), whileWaiting: keyWhileWaiting(user) },
  ];
  if (password !== '') {
    ways.push({
      proof: hash('sha256', `${SALT}${user}\0${password}`),
      verify: () => scrapyd.users.authenticate(user, password),
      whileWaiting: 'not',
    });
  }
  const who = await doorkeeper.check(req.ip ?? '', ways, tooManyFailures);
  if (!who && password !== '') {
    const actor = stranger(req.ip ?? '', from.client);
    refusals.note({
      actor,
      action: 'sign-in',
      place: null,
      object: 'scrapyd user',
      why: 'wrong name or password',
    });
  }
  return who;
}

function isUsable({ user, password }: Credentials): boolean {
  if (user === '' || user.length > MAX_CREDENTIAL || password.length > MAX_CREDENTIAL) return false;
  return !`${user}${password}`.includes('\0');
}

function tooManyFailures(seconds: number): HttpProblem {
  return new HttpProblem(429, 'Too many failed attempts, try again later', {
    'Retry-After': String(seconds),
  });
}
