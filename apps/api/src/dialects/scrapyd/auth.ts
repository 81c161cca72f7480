import type { Access, Principal, ScrapydUsers } from '@spiderhub/core';
import type { Request } from 'express';
import { readBasic } from '../../http/credentials.ts';
import { HttpProblem } from '../../http/errors.ts';
import type { Throttle } from '../../http/throttle.ts';

const MAX_CREDENTIAL = 1000;

export interface ScrapydAuth {
  access: Access;
  users: ScrapydUsers;
  throttle: Throttle;
}

/**
 * Who is asking: a Scrapyd user of an organisation by name and password, or an API key as user name. Null without
 * valid credentials. An address with too many failures is refused before a password is looked at.
 */
export async function authenticate(
  req: Request,
  { access, users, throttle }: ScrapydAuth,
): Promise<Principal | null> {
  const credentials = readBasic(req.headers.authorization ?? '');
  if (!credentials || credentials.user === '') return null;
  const { user, password } = credentials;
  if (
    user.length > MAX_CREDENTIAL ||
    password.length > MAX_CREDENTIAL ||
    `${user}${password}`.includes('\0')
  ) {
    return null;
  }
  const address = req.ip ?? '';
  const waitSeconds = throttle.waitSeconds(address);
  if (waitSeconds > 0) {
    throw new HttpProblem(429, 'Too many failed attempts, try again later', {
      'Retry-After': String(waitSeconds),
    });
  }
  const who =
    (await access.authenticate(user)) ?? (password === '' ? null : await users.authenticate(user, password));
  if (!who) throttle.failed(address);
  return who;
}
