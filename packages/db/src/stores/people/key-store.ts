import {
  type Actor,
  type AuditEntry,
  accountErrors,
  DomainError,
  type KeyOwner,
  type KeySecret,
  type KeyStore,
  type KeyTerms,
  type KeyUse,
  type ListedKey,
} from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { listKeys } from './key-rows.ts';

/** Good keys that one owner may have. */
const MAX_KEYS = 100;

const IS_GOOD = "revoked_at is null and coalesce(expires_at, 'infinity') > now()";

const INSERT = `
  insert into api_keys (hash, hint, user_id, project_id, role, name, actions, projects, networks, expires_at, made_by)
  values (:hash, :hint, :user, :project, coalesce(:role, 'admin'), :name, :actions::text[], :projects::int[],
    :networks::cidr[], :expiresAt, :by)
  returning id`;

// What the old one is good for. It lasts as long as that did, unless something else is said.
const REPLACE = `
  insert into api_keys (hash, hint, user_id, project_id, staff, role, name, actions, projects, networks, made_by, expires_at)
  select :hash, :hint, user_id, project_id, staff, role, name, actions, projects, networks, :by,
    case when :setEnd then :expiresAt::timestamptz else now() + (expires_at - created_at) end
  from api_keys where id = :id returning id`;

const END_OLD = `
  update api_keys set replaced_by = :next,
    expires_at = least(coalesce(expires_at, 'infinity'), now() + :graceMs::float8 * interval '1 ms')
  where id = :id`;

const SAVE_USES = `
  update api_keys k set last_used_at = u.at, last_address = u.address, last_client = u.client
  from unnest(:keys::int[], :times::timestamptz[], :addresses::text[], :clients::text[]) as u (key, at, address, client)
  where k.id = u.key and coalesce(k.last_used_at, '-infinity') < u.at`;

export function createKeyStore(database: Database): KeyStore {
  return translated<KeyStore>({
    list: (place) => listKeys(database, place),
    find: async (place, id) => (await listKeys(database, place, { id, all: true }))[0] ?? null,
    make: (actor, owner, secret, terms) =>
      database.transaction((tx) => make(tx, actor, owner, secret, terms)),
    rotate: (actor, id, secret, change) =>
      database.transaction((tx) => rotate(tx, actor, id, secret, change)),
    revoke: (actor, id) => database.transaction((tx) => revokeKey(tx, actor, id)),
    saveUses: (uses) => saveUses(database, uses),
  });
}

/** Throws `not_found`. */
export async function findKey(tx: Database, id: number): Promise<ListedKey> {
  const [key] = await listKeys(tx, 'anywhere', { id, all: true });
  if (!key) throw accountErrors.notFound('key', String(id));
  return key;
}

async function make(
  tx: Database,
  actor: Actor,
  owner: KeyOwner,
  { hash, hint }: KeySecret,
  terms: KeyTerms,
): Promise<ListedKey> {
  await checkCount(tx, owner);
  const { name, role, actions, projects, networks, expiresAt } = terms;
  const { rows } = await tx.raw<{ rows: [{ id: number }] }>(INSERT, {
    hash,
    hint,
    user: 'user' in owner ? owner.user : null,
    project: 'project' in owner ? owner.project : null,
    role,
    name,
    actions,
    projects,
    networks,
    expiresAt,
    by: actor.name,
  } as never);
  const made = await findKey(tx, rows[0].id);
  await noteKey(tx, actor, 'key.made', made, { after: shownTerms(made) });
  return made;
}

/** What the audit log keeps of a change of a key. */
export async function noteKey(
  tx: Database,
  actor: Actor,
  action: 'key.made' | 'key.replaced' | 'key.revoked',
  key: ListedKey,
  change: Pick<AuditEntry, 'before' | 'after'>,
): Promise<void> {
  const { user, project } = key;
  const place = user ? { user: user.id } : project === null ? null : { project };
  await audit(tx, actor, { action, place, object: `key ${key.id}`, ...change });
}

/** Without anything that opens a door. */
export function shownTerms({ name, hint, role, actions, projects, networks, expiresAt, staff }: ListedKey) {
  return { name, hint, role, actions, projects, networks, expiresAt, ...(staff && { staff }) };
}

/** One at a time for each owner, so that none gets more by asking twice at once. */
async function checkCount(tx: Database, owner: KeyOwner): Promise<void> {
  const [table, id, column] =
    'user' in owner ? ['users', owner.user, 'user_id'] : ['projects', owner.project, 'project_id'];
  await tx.raw(`select from ${table} where id = :id for no key update`, { id });
  const [row] = await tx('api_keys')
    .where({ [column]: id })
    .whereRaw(IS_GOOD)
    .count({ n: '*' });
  if (Number(row?.n) < MAX_KEYS) return;
  throw new DomainError('conflict', 'too_many_keys', `there are ${MAX_KEYS} keys already: revoke some first`);
}

async function rotate(
  tx: Database,
  actor: Actor,
  id: number,
  { hash, hint }: KeySecret,
  { graceMs, expiresAt }: { graceMs: number; expiresAt: Date | null | undefined },
): Promise<ListedKey> {
  const old = await tx('api_keys')
    .where({ id })
    .forUpdate()
    .first('replaced_by', tx.raw(`${IS_GOOD} as good`));
  if (!old) throw accountErrors.notFound('key', String(id));
  if (!old.good) throw keyConflict('key_is_over', `key: ${id} is over`);
  if (old.replaced_by !== null) throw keyConflict('key_replaced', `key: ${id} was replaced already`);
  if (await tx('variables').where({ api_key_id: id }).first('id'))
    throw keyConflict('key_of_variable', `key: ${id} goes with a variable, which gets a new one with it`);
  const { rows } = await tx.raw<{ rows: [{ id: number }] }>(REPLACE, {
    id,
    hash,
    hint,
    by: actor.name,
    setEnd: expiresAt !== undefined,
    expiresAt: expiresAt ?? null,
  } as never);
  await tx.raw(END_OLD, { id, next: rows[0].id, graceMs });
  const made = await findKey(tx, rows[0].id);
  const before = { key: id, endsAt: (await findKey(tx, id)).expiresAt };
  await noteKey(tx, actor, 'key.replaced', made, { before, after: shownTerms(made) });
  return made;
}

function keyConflict(code: string, message: string): DomainError {
  return new DomainError('conflict', code, message);
}

/** See KeyStore.revoke. Also for parts of a larger transaction. */
export async function revokeKey(tx: Database, actor: Actor, id: number): Promise<ListedKey> {
  const count = await tx('api_keys')
    .where({ id })
    .whereNull('revoked_at')
    .update({ revoked_at: tx.fn.now() });
  const key = await findKey(tx, id);
  if (count > 0) await noteKey(tx, actor, 'key.revoked', key, { before: { name: key.name, hint: key.hint } });
  return key;
}

async function saveUses(database: Database, uses: readonly KeyUse[]): Promise<void> {
  // In one order, so that two processes do not wait for each other.
  const inOrder = uses.toSorted((a, b) => a.key - b.key);
  await database.raw(SAVE_USES, {
    keys: inOrder.map(({ key }) => key),
    times: inOrder.map(({ at }) => at.toISOString()),
    addresses: inOrder.map(({ address }) => address),
    clients: inOrder.map(({ client }) => client),
  } as never);
}
