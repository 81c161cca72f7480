import { accessErrors } from '../errors.ts';
import type { AccessStore } from '../ports/access-store.ts';
import { hashApiKey } from './keys.ts';
import type { Principal, Project } from './principal.ts';

/** How long an answer of the store is trusted: a revoked key works at most this much longer. */
const TRUST_MS = 1000;
const MAX_ENTRIES = 10_000;

/** Who may do what. Every dialect asks here before it touches a project. */
export interface Access {
  /** Null for a key that is unknown or revoked. */
  authenticate(key: string): Promise<Principal | null>;
  /** The project, when this caller may reach it. Throws `not_found` for foreign and unknown projects alike. */
  project(who: Principal, id: number): Promise<Project>;
}

/**
 * Answers are remembered for TRUST_MS; a refusal never is, so that a key, a membership or a project that was
 * made a moment ago works at once, whatever was asked before.
 */
export function createAccess(store: AccessStore, now: () => number = Date.now): Access {
  const keyOf = new WeakMap<Principal, string>();
  const keys = remembered(async (key: string) => {
    const principal = await store.findKey(hashApiKey(key));
    if (principal) keyOf.set(principal, key);
    return principal;
  }, now);
  const projects = remembered((id: number) => store.findProject(id), now);

  async function mayReach(who: Principal, id: number): Promise<boolean> {
    if (who.staff || who.projects.has(id)) return true;
    const key = keyOf.get(who);
    const today = key === undefined ? null : await keys.anew(key);
    return today?.projects.has(id) ?? false;
  }

  return {
    authenticate: keys.get,
    async project(who, id) {
      const project = (await mayReach(who, id)) ? await projects.get(id) : null;
      if (!project) throw accessErrors.projectNotFound(id);
      return project;
    },
  };
}

interface Remembered<K, V> {
  get(key: K): Promise<V | null>;
  /** Asks the store, whatever is remembered. */
  anew(key: K): Promise<V | null>;
}

/** Keeps each answer for TRUST_MS, so that a busy key costs one query a second and not one a request. */
function remembered<K, V>(load: (key: K) => Promise<V | null>, now: () => number): Remembered<K, V> {
  const answers = new Map<K, { value: Promise<V | null>; until: number }>();

  function anew(key: K): Promise<V | null> {
    if (answers.size >= MAX_ENTRIES) answers.clear();
    const value = load(key);
    const answer = { value, until: now() + TRUST_MS };
    answers.set(key, answer);
    const forget = () => {
      if (answers.get(key) === answer) answers.delete(key);
    };
    value.then((found) => found === null && forget(), forget);
    return value;
  }

  return {
    get(key) {
      const known = answers.get(key);
      return known && known.until > now() ? known.value : anew(key);
    },
    anew,
  };
}
