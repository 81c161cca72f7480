import { accessErrors } from '../errors.ts';
import type { JobKey } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import { remembered } from '../lib/remembered.ts';
import type { AccessStore } from '../ports/access-store.ts';
import { ACTIONS, type Action } from './actions.ts';
import { hashApiKey } from './keys.ts';
import type { Principal, Project } from './principal.ts';

type CrawlOf = NonNullable<Principal['job']>;

/** How long an answer of the store is trusted: a revoked key works at most this much longer. */
const TRUST_MS = 1000;
const MAX_ENTRIES = 10_000;

/** Who may do what: the one door. Every operation of every dialect asks here before it touches anything. */
export interface Access {
  /** Null for a key that is unknown or revoked. */
  authenticate(key: string): Promise<Principal | null>;
  /**
   * The project, when the caller may do this in it, or with this one job of it. Throws `not_found` for foreign and
   * unknown projects alike, `forbidden` for what this caller may not do anywhere.
   */
  may(who: Principal, action: Action, target: Target): Promise<Project>;
  /** Numbers of the projects in which the caller may do this; null for all. Throws `forbidden` for a crawl. */
  everywhere(who: Principal, action: Action): readonly number[] | null;
  /**
   * Whom the key belongs to, and the projects that it lists: its memberships. Staff reaches more than it lists. Throws
   * `forbidden` for what a crawl may not ask.
   */
  account(who: Principal, action: Action): Account;
  /**
   * Where the names lie that the caller may use for this: those of its organisations, or of its one project. Throws
   * `forbidden` for what a crawl may not do.
   */
  reach(who: Principal, action: Action): Reach;
}

export interface Account {
  name: string;
  projects: readonly number[];
}

/** A project as a whole, or one job of it. */
export type Target = number | JobKey;

/** The projects whose names a caller may use: those of organisations, and single ones. */
export interface Reach {
  organisations: readonly number[];
  projects: readonly number[];
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
    async may(who, action, target) {
      if (who.job) checkCrawl(who.job, action, target);
      const id = typeof target === 'number' ? target : target.project;
      const project = (await mayReach(who, id)) ? await projects.get(id) : null;
      if (!project) throw accessErrors.projectNotFound(id);
      const { staffOnly } = ACTIONS[action];
      if (staffOnly !== undefined && !who.staff) throw accessErrors.forbidden(staffOnly);
      return project;
    },
    everywhere(who) {
      if (who.job) throw accessErrors.forbidden('job tokens reach no other projects');
      return who.staff ? null : [...who.projects];
    },
    account(who, action) {
      if (who.job) checkCrawl(who.job, action, who.job.key.project);
      return { name: who.name, projects: [...who.projects] };
    },
    reach(who, action) {
      if (who.job) checkCrawl(who.job, action, who.job.key.project);
      return {
        organisations: who.organisations,
        // Members of organisations reach the projects of these, a key of one project reaches that one.
        projects: who.organisations.length > 0 ? [] : [...who.projects],
      };
    },
  };
}

/** What a crawl may do with its token. Throws `forbidden`; its project is looked up like anybody's. */
function checkCrawl({ key, isOver }: CrawlOf, action: Action, target: Target): void {
  const own = formatJobKey(key);
  const { crawl } = ACTIONS[action];
  if (crawl === undefined || (crawl !== 'project' && typeof target === 'number')) {
    throw accessErrors.forbidden(`the token of job ${own} is not good for this`);
  }
  if (crawl !== 'project' && typeof target !== 'number' && own !== formatJobKey(target)) {
    throw accessErrors.forbidden(`the token is for job ${own}`);
  }
  if (isOver && crawl !== 'own job, late too') throw accessErrors.forbidden(`job ${own} is over`);
}
