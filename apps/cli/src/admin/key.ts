import {
  COMMAND,
  checkedBounds,
  hashApiKey,
  isMistyped,
  keyHint,
  MAX_KEY_GRACE_MS,
  type Manager,
  newApiKey,
  type Role,
} from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { type AdminAnswer, command, created } from './command.ts';
import { optional, repeated, required, toggle } from './options.ts';
import { knownName, positive, role, secretText, someText } from './readers.ts';
import type { AdminStores } from './stores.ts';

const SHORTEST_KEY = 16;
const DAY_MS = 24 * 3600_000;
const HOUR_MS = 3600_000;
/** A hundred years; what is to last longer has no end. */
const MOST_DAYS = 36_500;
const OPERATOR: Manager = { actor: COMMAND, role: null, rank: 'owner', staff: true };

export const KEY_COMMANDS = [
  command(
    'key create',
    {
      user: optional('NAME', knownName),
      project: optional('NUMBER', positive),
      role: optional('ROLE', role),
      staff: toggle,
      key: optional('VALUE|-', readKey),
      name: optional('NAME', someText),
      action: repeated('ACTION', someText),
      'only-project': repeated('NUMBER', positive),
      from: repeated('NETWORK', someText),
      days: optional('NUMBER', lifetime),
    },
    create,
  ),
  command(
    'key rotate',
    {
      id: required('NUMBER', positive),
      'grace-hours': optional('NUMBER', hours),
      days: optional('NUMBER', lifetime),
    },
    async ({ id, 'grace-hours': grace, days }, { keys, admin }) => {
      const graceMs = grace === undefined ? undefined : grace * HOUR_MS;
      const expiresAt = days === undefined ? undefined : inDays(days);
      const { apiKey, key } = await keys.rotate(OPERATOR, 'anywhere', id, { graceMs, expiresAt });
      return { key: apiKey, replaces: id, ...(await admin.listKeys()).find((one) => one.id === key.id) };
    },
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
  name: string | undefined;
  action: string[];
  'only-project': number[];
  from: string[];
  days: number | undefined;
}

/** The answer shows the key this one time: only its hash is kept. */
async function create(wanted: Wanted, { admin }: AdminStores): Promise<AdminAnswer> {
  const { user = null, project = null, staff, key = newApiKey(), days } = wanted;
  checkOwner(wanted);
  const made = await admin.createKey({
    hash: hashApiKey(key),
    hint: keyHint(key),
    user,
    project,
    staff,
    ...(wanted.role && { role: wanted.role }),
    ...checkedBounds({
      name: wanted.name ?? '',
      actions: orAll(wanted.action),
      projects: orAll(wanted['only-project']),
      networks: orAll(wanted.from),
    }),
    expiresAt: days === undefined ? null : inDays(days),
  });
  return { key, ...created(made) };
}

function checkOwner({ user, project, staff, role, 'only-project': only }: Wanted): void {
  if (user !== undefined && project !== undefined) {
    throw new UserError('A key belongs to a --user or to a --project, not to both');
  }
  if (user === undefined && project === undefined && !staff) {
    throw new UserError('A key needs a --user, a --project or --staff: it would reach nothing');
  }
  if (role !== undefined && project === undefined) {
    throw new UserError(
      '--role says what a key of a --project is in it; a key of a user is what the user is',
    );
  }
  if (only.length > 0 && (user === undefined || staff)) {
    throw new UserError(
      '--only-project says where a key of a --user is good; a key of a --project is good there',
    );
  }
}

/** An option that was not given restricts nothing. */
function orAll<T>(given: T[]): T[] | null {
  return given.length > 0 ? given : null;
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

function lifetime(flag: string, text: string): number {
  const days = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (days > MOST_DAYS) throw new UserError(`${flag}: expected a whole number of days, 1 to ${MOST_DAYS}`);
  return days;
}

function hours(flag: string, text: string): number {
  const most = MAX_KEY_GRACE_MS / HOUR_MS;
  if (!/^\d{1,4}$/.test(text) || Number(text) > most)
    throw new UserError(`${flag}: expected a whole number of hours, 0 to ${most}`);
  return Number(text);
}

/** A key is the user name of Basic authentication, so no colon; short ones could be guessed. */
function readKey(flag: string, text: string): string {
  const key = secretText(text);
  if (key.length < SHORTEST_KEY || !/^[\x21-\x39\x3b-\x7e]+$/.test(key)) {
    throw new UserError(
      `${flag}: expected at least ${SHORTEST_KEY} letters and digits, without spaces and colons`,
    );
  }
  if (isMistyped(key)) throw new UserError(`${flag}: a key of this form ends with another checksum`);
  return key;
}
