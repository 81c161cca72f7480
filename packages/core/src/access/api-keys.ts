import { accessErrors, accountErrors, requestErrors } from '../errors.ts';
import { parseNetwork } from '../lib/networks.ts';
import type { KeyOwner, KeyPlace, KeyStore, KeyTerms, ListedKey } from '../ports/key-store.ts';
import type { MemberStore } from '../ports/member-store.ts';
import { ACTIONS } from './actions.ts';
import { hashApiKey, keyHint, newApiKey } from './keys.ts';
import type { Manager } from './memberships.ts';
import { ranksWith } from './roles.ts';

export const MAX_KEY_NAME = 100;
export const MAX_KEY_LIST = 100;
/** A key that was replaced goes on for so long unless something else is said, ms. */
export const KEY_GRACE_MS = 24 * 3600_000;
export const MAX_KEY_GRACE_MS = 30 * 24 * 3600_000;

/** What a new key shall be good for; what is not given is not restricted. */
export type KeyWish = Pick<KeyTerms, 'name'> & Partial<KeyTerms>;

/** A key with its text, which is shown this one time: only its hash is kept. */
export interface MadeKey {
  apiKey: string;
  key: ListedKey;
}

/** Keys of users and of projects. Whether one may ask at all, the door has said before. */
export interface ApiKeys {
  list(place: KeyPlace): Promise<ListedKey[]>;
  /**
   * Throws `invalid` for terms that make no sense, `forbidden` for a role above the manager's own, `conflict` when there
   * are too many. `reached`: the projects that the user reaches.
   */
  make(manager: Manager, owner: KeyOwner, wish: KeyWish, reached?: readonly number[]): Promise<MadeKey>;
  /** A new key beside the old one, which ends after a while. Throws `not_found`, `forbidden`, `conflict`, `invalid`. */
  rotate(
    manager: Manager,
    place: KeyPlace,
    id: number,
    change?: { graceMs?: number | undefined; expiresAt?: Date | null | undefined },
  ): Promise<MadeKey>;
  /** From now on the key is unknown; processes that know it forget it within a second. Throws `not_found`, `forbidden`. */
  revoke(manager: Manager, place: KeyPlace, id: number): Promise<ListedKey>;
}

export function createApiKeys(store: KeyStore, members: Pick<MemberStore, 'roleOf' | 'isOnlyIn'>): ApiKeys {
  /** A user's key is as mighty as the user; nobody touches keys of who is mightier, or of who belongs elsewhere, too. */
  async function mayTouch(manager: Manager, place: KeyPlace, key: ListedKey): Promise<void> {
    if (key.role !== null && !ranksWith(manager.rank, key.role)) throw accountErrors.mightier();
    if (typeof place === 'string' || !('organisation' in place) || key.user === null || manager.staff) return;
    const role = await members.roleOf(place, key.user.id);
    if (role && !ranksWith(manager.rank, role)) throw accountErrors.mightier();
    if (!(await members.isOnlyIn(key.user.id, place.organisation)))
      throw accessErrors.forbidden(
        'this user belongs elsewhere, too: only the user and staff revoke such keys',
      );
  }

  async function found(manager: Manager, place: KeyPlace, id: number): Promise<ListedKey> {
    const key = await store.find(place, id);
    if (!key) throw accountErrors.notFound('key', String(id));
    await mayTouch(manager, place, key);
    return key;
  }

  return {
    list: store.list,
    async make({ actor, rank }, owner, wish, reached) {
      const terms = checkedTerms(wish, owner, reached);
      if (terms.role !== null && !ranksWith(rank, terms.role)) throw accountErrors.mightier();
      const apiKey = newApiKey();
      const secret = { hash: hashApiKey(apiKey), hint: keyHint(apiKey) };
      return { apiKey, key: await store.make(actor, owner, secret, terms) };
    },
    async rotate(manager, place, id, { graceMs = KEY_GRACE_MS, expiresAt } = {}) {
      checkEnd(expiresAt ?? null);
      const { staff } = await found(manager, place, id);
      if (staff && !manager.staff) throw accountErrors.mightier();
      const apiKey = newApiKey();
      const secret = { hash: hashApiKey(apiKey), hint: keyHint(apiKey) };
      return { apiKey, key: await store.rotate(manager.actor, id, secret, { graceMs, expiresAt }) };
    },
    async revoke(manager, place, id) {
      await found(manager, place, id);
      return store.revoke(manager.actor, id);
    },
  };
}

/** Throws `invalid` that names the field, for what could never be. */
function checkedTerms(wish: KeyWish, owner: KeyOwner, reached?: readonly number[]): KeyTerms {
  const { role = null, expiresAt = null } = wish;
  const terms = { ...checkedBounds(wish), role, expiresAt };
  if ('project' in owner) {
    if (role === null) throw requestErrors.invalid('role', 'is required');
    if (terms.projects) throw requestErrors.invalid('projects', 'a key of a project is good for that one');
    return terms;
  }
  if (role !== null) throw requestErrors.invalid('role', 'a key of a user is what the user is');
  const foreign = terms.projects?.find((id) => reached && !reached.includes(id));
  if (foreign !== undefined) throw requestErrors.invalid('projects', `${foreign} not found`);
  return terms;
}

/** Name, actions, projects and networks of a key, each once. Throws `invalid` that names the field. */
export function checkedBounds({
  name,
  actions = null,
  projects = null,
  networks = null,
  expiresAt = null,
}: KeyWish): Pick<KeyTerms, 'name' | 'actions' | 'projects' | 'networks'> {
  if (name.length > MAX_KEY_NAME)
    throw requestErrors.invalid('name', `expected at most ${MAX_KEY_NAME} characters`);
  for (const [field, list] of Object.entries({ actions, projects, networks })) {
    if (list && (list.length === 0 || list.length > MAX_KEY_LIST))
      throw requestErrors.invalid(field, `expected 1 to ${MAX_KEY_LIST}, or none at all for no restriction`);
  }
  const unknown = actions?.find((action) => !Object.hasOwn(ACTIONS, action));
  if (unknown !== undefined)
    throw requestErrors.invalid('actions', `${unknown} is no action; see docs/rights.md`);
  checkEnd(expiresAt);
  const parsed = networks?.map((network) => parseNetwork('networks', network)) ?? null;
  return { name, actions: once(actions), projects: once(projects), networks: once(parsed) };
}

function checkEnd(expiresAt: Date | null): void {
  if (expiresAt && expiresAt.getTime() <= Date.now())
    throw requestErrors.invalid('expiresAt', 'lies in the past');
}

function once<T>(list: readonly T[] | null): readonly T[] | null {
  return list && [...new Set(list)];
}
