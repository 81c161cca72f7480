import { COMMAND, hashPassword, parseNetwork, type Role } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { type AdminAnswer, command } from './command.ts';
import { optional, repeated, required, toggle } from './options.ts';
import { knownName, newName, role, secretText } from './readers.ts';
import type { AdminStores } from './stores.ts';

const SHORTEST_PASSWORD = 8;

/**
 * Callers of Scrapyd's dialect: a name and a password of an organisation, or networks that need none. Creating a user
 * again changes its password.
 */
export const SCRAPYD_USER_COMMANDS = [
  command(
    'scrapyd-user create',
    {
      organisation: required('NAME', knownName),
      username: optional('NAME', readUsername),
      password: optional('PASSWORD|-', readPassword),
      anonymous: toggle,
      from: repeated('NETWORK', parseNetwork),
      role: optional('ROLE', role),
    },
    (wanted, stores) => (wanted.anonymous ? createAnonymous(wanted, stores) : createUser(wanted, stores)),
  ),
  command('scrapyd-user list', {}, (_, { scrapydCallers }) => scrapydCallers.listCallers()),
  command(
    'scrapyd-user remove',
    { username: optional('NAME', knownName), from: repeated('NETWORK', parseNetwork) },
    async ({ username, from }, { scrapydCallers }) => {
      if (username === undefined && from.length === 0)
        throw new UserError('--username or --from is required');
      if (username !== undefined) await scrapydCallers.removeUser(COMMAND, username);
      for (const network of from) await scrapydCallers.removeNetwork(COMMAND, network);
      return scrapydCallers.listCallers();
    },
  ),
];

interface Wanted {
  organisation: string;
  username: string | undefined;
  password: string | undefined;
  from: string[];
  role: Role | undefined;
}

async function createUser(wanted: Wanted, { scrapydUsers }: AdminStores): Promise<AdminAnswer> {
  const { organisation, username, password, role } = wanted;
  if (wanted.from.length > 0) throw new UserError('--from goes with --anonymous');
  if (username === undefined) throw new UserError('--username is required, or --anonymous');
  if (password === undefined) throw new UserError('--password is required');
  const hash = await hashPassword(password);
  return { organisation, username, ...(await scrapydUsers.saveUser(organisation, username, hash, role)) };
}

async function createAnonymous(wanted: Wanted, { scrapydCallers }: AdminStores): Promise<AdminAnswer> {
  const { organisation, username, password, from, role = 'admin' } = wanted;
  if (username !== undefined || password !== undefined)
    throw new UserError('--anonymous has no --username and no --password');
  if (from.length === 0)
    throw new UserError('--from is required: the network that needs no password, such as 10.0.0.0/8');
  await scrapydCallers.saveNetworks(COMMAND, organisation, from, role);
  return { organisation, anonymous: from, role };
}

function readUsername(flag: string, text: string): string {
  const username = newName(flag, text);
  if (username.includes(':')) throw new UserError(`${flag}: a colon cannot be part of it`);
  return username;
}

function readPassword(flag: string, typed: string): string {
  const text = secretText(typed);
  if (text.length < SHORTEST_PASSWORD) {
    throw new UserError(`${flag}: expected at least ${SHORTEST_PASSWORD} characters`);
  }
  return text;
}
