import { hashApiKey, newApiKey, type Role } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { type AdminAnswer, command, created } from './command.ts';
import { optional, required, toggle } from './options.ts';
import { knownName, positive, role } from './readers.ts';
import type { AdminStores } from './stores.ts';

const SHORTEST_KEY = 16;

export const KEY_COMMANDS = [
  command(
    'key create',
    {
      user: optional('NAME', knownName),
      project: optional('NUMBER', positive),
      role: optional('ROLE', role),
      staff: toggle,
      key: optional('VALUE', readKey),
    },
    create,
  ),
  command('key revoke', { id: required('NUMBER', positive) }, ({ id }, { admin }) => admin.revokeKey(id)),
  command('key list', {}, (_, { admin }) => admin.listKeys()),
];

interface Wanted {
  user: string | undefined;
  project: number | undefined;
  role: Role | undefined;
  staff: boolean;
  key: string | undefined;
}

/** The answer shows the key this one time: only its hash is kept. */
async function create(wanted: Wanted, { admin }: AdminStores): Promise<AdminAnswer> {
  const { user = null, project = null, staff, key = newApiKey() } = wanted;
  if (user !== null && project !== null) {
    throw new UserError('A key belongs to a --user or to a --project, not to both');
  }
  if (user === null && project === null && !staff) {
    throw new UserError('A key needs a --user, a --project or --staff: it would reach nothing');
  }
  if (wanted.role !== undefined && project === null) {
    throw new UserError(
      '--role says what a key of a --project is in it; a key of a user is what the user is',
    );
  }
  const made = await admin.createKey({
    hash: hashApiKey(key),
    hint: key.slice(0, 4),
    user,
    project,
    staff,
    ...(wanted.role && { role: wanted.role }),
  });
  return { key, ...created(made) };
}

/** A key is the user name of Basic authentication, so no colon; short ones could be guessed. */
function readKey(flag: string, key: string): string {
  if (key.length < SHORTEST_KEY || !/^[\x21-\x39\x3b-\x7e]+$/.test(key)) {
    throw new UserError(
      `${flag}: expected at least ${SHORTEST_KEY} letters and digits, without spaces and colons`,
    );
  }
  return key;
}
