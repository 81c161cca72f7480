import { accessErrors, DomainError, gathered, isSameText } from '@spiderhub/core';
import type { Request, RequestHandler } from 'express';
import { keyWhileWaiting, renewWith, tooManyFailures, visitorOf } from '../../http/auth.ts';
import { readBasic } from '../../http/credentials.ts';
import { arrive } from '../../http/rate-guard.ts';
import type { Host } from '../dialect.ts';
import { cookiesOf } from './cookies.ts';

const MAX_KEY = 200;
const READS = ['GET', 'HEAD'];
/** Who showed the credentials of open streams is looked up for all of them together, this often, ms. */
const RENEWAL_MS = 800;

/**
 * Lets a request pass with an API key, or with a session and, when it may change something, the token of its page.
 * Tokens of jobs are not looked at: a crawl has no business here. No challenge is sent, since a browser would answer it
 * with a window of its own.
 */
export function consoleGuard({ parts, doorkeeper }: Host): RequestHandler {
  const keyAgain = gathered(parts.access.authenticateAll, RENEWAL_MS);
  const sessionAgain = gathered(parts.people.sessions.findAll, RENEWAL_MS);

  async function byKey(req: Request, header: string) {
    const key = readBasic(header)?.user ?? '';
    if (key === '' || key.length > MAX_KEY || key.includes('/')) return null;
    renewWith(req, () => keyAgain(key));
    const way = {
      proof: key,
      verify: () => parts.access.authenticate(key, visitorOf(req)),
      whileWaiting: keyWhileWaiting(key),
    };
    return doorkeeper.check(req.ip ?? '', [way], tooManyFailures);
  }

  async function bySession(req: Request) {
    const { session: token } = cookiesOf(req.headers);
    const found = token ? await parts.people.sessions.find(token) : null;
    if (found && token) renewWith(req, () => sessionAgain(token));
    if (!found) return null;
    // Before the check: the audit log says whose session somebody tried to use.
    req.user = found.who;
    if (!READS.includes(req.method)) checkCsrf(req, found.csrfToken);
    return found.who;
  }

  return async (req, res, next) => {
    const { authorization } = req.headers;
    const who = await (authorization === undefined ? bySession(req) : byKey(req, authorization));
    if (!who) throw accessErrors.unauthenticated();
    req.user = who;
    await arrive(parts.limits.rates, who, res);
    next();
  };
}

function checkCsrf(req: Request, expected: string): void {
  const given = req.headers['x-csrf-token'];
  if (typeof given === 'string' && isSameText(given, expected)) return;
  throw new DomainError('forbidden', 'csrf_token', "X-CSRF-Token must be that of the caller's session");
}
