import { hashPassword } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command } from './command.ts';
import { optional, required } from './options.ts';
import { knownName, newName, role } from './readers.ts';

const SHORTEST_PASSWORD = 8;

/** Callers of Scrapyd's dialect: a name and a password of an organisation. Creating one again changes its password. */
export const SCRAPYD_USER_COMMANDS = [
  command(
    'scrapyd-user create',
    {
      organisation: required('NAME', knownName),
      username: required('NAME', readUsername),
      password: required('PASSWORD', readPassword),
      role: optional('ROLE', role),
    },
    async ({ organisation, username, password, role }, { scrapydUsers }) => {
      const hash = await hashPassword(password);
      return { organisation, username, ...(await scrapydUsers.saveUser(organisation, username, hash, role)) };
    },
  ),
];

function readUsername(flag: string, text: string): string {
  const username = newName(flag, text);
  if (username.includes(':')) throw new UserError(`${flag}: a colon cannot be part of it`);
  return username;
}

function readPassword(flag: string, text: string): string {
  if (text.length < SHORTEST_PASSWORD) {
    throw new UserError(`${flag}: expected at least ${SHORTEST_PASSWORD} characters`);
  }
  return text;
}
