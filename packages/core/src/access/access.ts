import { accessErrors } from '../errors.ts';
import type { AccessStore } from '../ports/access-store.ts';
import { hexHashOfKey } from './keys.ts';
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

export function createAccess(store: AccessStore, now: () => number = Date.now): Access {
  const keys = remembered((hash: string) => store.findKey(Buffer.from(hash, 'hex')), now);
  const projects = remembered((id: number) => store.findProject(id), now);
  return {
    authenticate: (key) => keys(hexHashOfKey(key)),
    async project(who, id) {
      const mayReach = who.staff || who.projects.has(id);
      const project = mayReach ? await projects(id) : null;
      if (!project) throw accessErrors.projectNotFound(id);
      return project;
    },
  };
}

/** Keeps each answer for TRUST_MS, so that a busy key costs one query a second and not one a request. */
function remembered<K, V>(load: (key: K) => Promise<V>, now: () => number): (key: K) => Promise<V> {
  const answers = new Map<K, { value: Promise<V>; until: number }>();
  return (key) => {
    const known = answers.get(key);
    if (known && known.until > now()) return known.value;
    if (answers.size >= MAX_ENTRIES) answers.clear();
    const value = load(key);
    answers.set(key, { value, until: now() + TRUST_MS });
    value.catch(() => answers.delete(key));
    return value;
  };
}
