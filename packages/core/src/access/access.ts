import { accessErrors } from '../errors.ts';
import { remembered } from '../lib/remembered.ts';
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
  const answers = { trustMs: TRUST_MS, most: MAX_ENTRIES, now };
  const keyOf = new WeakMap<Principal, string>();
  const keys = remembered(async (key: string) => {
    const principal = await store.findKey(hashApiKey(key));
    if (principal) keyOf.set(principal, key);
    return principal;
  }, answers);
  const projects = remembered((id: number) => store.findProject(id), answers);

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
