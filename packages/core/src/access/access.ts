import type { Refusal } from '../audit/audit.ts';
import { accessErrors, accountErrors, DomainError } from '../errors.ts';
import type { JobKey } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import { remembered } from '../lib/remembered.ts';
import type { AccessStore } from '../ports/access-store.ts';
import { ACTIONS, type Action } from './actions.ts';
import { type AccessNotes, createKnownKeys } from './known-keys.ts';
import type { Principal, Project } from './principal.ts';
import { checkRights, checkShown, hasRight } from './rights.ts';
import { type ProjectRoles, ROLES, type Role } from './roles.ts';

type CrawlOf = NonNullable<Principal['job']>;

/** How long an answer of the store is trusted: a revoked key works at most this much longer. */
const TRUST_MS = 1000;
const MAX_ENTRIES = 10_000;

/** Who may do what: the one door. Every operation of every dialect asks here before it touches anything. */
export interface Access {
  /**
   * Null for a key that is unknown, revoked or over, or not good at the address that it comes from. It is looked up again
   * every second; a request that was let in goes on to its end, whatever becomes of its key.
   */
  authenticate(key: string, from?: Visitor): Promise<Principal | null>;
  /** The same of many keys at once, as of this moment: for answers that go on. Good ones alone are in the answer. */
  authenticateAll(keys: readonly string[]): Promise<Map<string, Principal>>;
  /**
   * The project, when the caller may do this in it, or with this one job of it. Throws `not_found` for foreign and
   * unknown projects alike, `forbidden` for what this caller may not do there or anywhere.
   */
  may(who: Principal, action: Action, target: Target): Promise<Project>;
  /**
   * Whether somebody who has just been looked up may still do what `may` allowed once: asks nobody. A project that is gone is
   * in nobody's memberships.
   */
  mayStill(who: Principal, action: Action, target: Target): boolean;
  /**
   * What the caller is in the organisation (null: staff), when it may do this there. Throws `not_found` for foreign and
   * unknown ones alike, `forbidden` for what the caller may not do there.
   */
  mayIn(who: Principal, action: Action, organisation: number): Promise<Role | null>;
  /** Notes what somebody was refused. Nobody waits for it. */
  noteRefusal(refusal: Refusal): void;
  /** For what belongs to no project and no organisation, which is for staff. Throws `forbidden` for others. */
  mayAnywhere(who: Principal, action: Action): void;
  /** The mightiest of what the caller is in a project; staff is an owner everywhere. */
  rank(who: Principal, project: number): Role;
  /** What the caller is in its organisations; null for staff, which reaches all. Throws `forbidden` for a crawl. */
  organisations(who: Principal, action: Action): ReadonlyMap<number, Role> | null;
  /** Numbers of the projects in which the caller may do this; null for all. Throws `forbidden` for a crawl. */
  everywhere(who: Principal, action: Action): readonly number[] | null;
  /**
   * Whom the key belongs to, and the projects that it lists: its memberships. Staff reaches more than it lists. Throws
   * `forbidden` for what a crawl may not ask.
   */
  account(who: Principal, action: Action): Account;
  /**
   * Where the names lie that the caller may use for this: those of its organisations, and single projects. Throws
   * `forbidden` for what a crawl may not do, and for what the caller may do in nothing that it is a member of.
   */
  reach(who: Principal, action: Action): Reach;
}

/** From where somebody calls, and with what. */
export interface Visitor {
  /** Null when there is no address: for keys of some addresses alone that is none of these. */
  address: string | null;
  /** The client's own words for itself. */
  client: string | null;
}

export interface Account {
  name: string;
  /** Number of the user behind a key or a session, if there is one. */
  user: number | null;
  staff: boolean;
  /** Numbers of the organisations that it is a member of, and what it is there. */
  organisations: ReadonlyMap<number, Role>;
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
export function createAccess(
  store: AccessStore,
  now: () => number = Date.now,
  notes: AccessNotes = {},
): Access {
  const answers = { trustMs: TRUST_MS, most: MAX_ENTRIES, now };
  const keys = createKnownKeys(store, answers, notes);
  const projects = remembered((id: number) => store.findProject(id), answers);

  async function rolesToday(who: Principal, action: Action, id: number): Promise<ProjectRoles | undefined> {
    const roles = who.projects.get(id);
    if (who.staff || (roles && hasRight(who, action, roles))) return roles;
    return (await keys.today(who)).projects.get(id);
  }

  return {
    authenticate: (key, from = { address: null, client: null }) => keys.authenticate(key, from),
    authenticateAll: keys.all,
    async may(who, action, target) {
      if (who.job) checkCrawl(who.job, action, target);
      const id = typeof target === 'number' ? target : target.project;
      const roles = await rolesToday(who, action, id);
      const project = who.staff || roles ? await projects.get(id) : null;
      if (!project) throw accessErrors.projectNotFound(id);
      checkRights(who, action, roles);
      return project;
    },
    mayStill(who, action, target) {
      try {
        if (who.job) checkCrawl(who.job, action, target);
        const roles = who.projects.get(typeof target === 'number' ? target : target.project);
        checkRights(who, action, roles);
        return who.staff || roles !== undefined;
      } catch (error) {
        if (error instanceof DomainError) return false;
        throw error;
      }
    },
    noteRefusal: (refusal) => notes.refusals?.note(refusal),
    async mayIn(who, action, organisation) {
      if (who.job) throw accessErrors.forbidden('job tokens reach no organisations');
      let role = who.organisations.get(organisation) ?? null;
      if (!who.staff && !(role && hasRight(who, action, { inherited: role, own: null }))) {
        role = (await keys.today(who)).organisations.get(organisation) ?? null;
      }
      const isThere = role !== null || (who.staff && (await store.hasOrganisation(organisation)));
      if (!isThere) throw accountErrors.notFound('organisation', String(organisation));
      checkRights(who, action, { inherited: role, own: null });
      return role;
    },
    everywhere(who, action) {
      if (who.job) throw accessErrors.forbidden('job tokens reach no other projects');
      return who.staff ? null : projectsFor(who, action);
    },
    mayAnywhere(who, action) {
      if (who.job) throw accessErrors.forbidden('job tokens are not good for this');
      checkRights(who, action);
    },
    rank(who, project) {
      if (who.staff) return 'owner';
      const { inherited = null, own = null } = who.projects.get(project) ?? {};
      return ROLES.find((role) => role === inherited || role === own) ?? 'reader';
    },
    organisations(who, action) {
      if (who.job) throw accessErrors.forbidden('job tokens reach no organisations');
      checkShown(who, action);
      return who.staff ? null : who.organisations;
    },
    account(who, action) {
      if (who.job) checkCrawl(who.job, action, who.job.key.project);
      checkShown(who, action);
      const { name, user, staff, organisations, projects } = who;
      return { name, user, staff, organisations, projects: [...projects.keys()] };
    },
    reach(who, action) {
      if (who.job) checkCrawl(who.job, action, who.job.key.project);
      return reachOf(who, action);
    },
  };
}

function reachOf(who: Principal, action: Action): Reach {
  const reach = {
    organisations: [...who.organisations]
      .filter(([, inherited]) => hasRight(who, action, { inherited, own: null }))
      .map(([id]) => id),
    // Members of organisations reach the projects of these, a key of one project reaches that one.
    projects: [...who.projects]
      .filter(([, { inherited, own }]) => {
        if (own === null && !who.job && !who.bounds?.projectsOnly) return false;
        return hasRight(who, action, { inherited: who.bounds?.projectsOnly ? inherited : null, own });
      })
      .map(([id]) => id),
  };
  const isNowhere = reach.organisations.length === 0 && reach.projects.length === 0;
  if (isNowhere && (who.organisations.size > 0 || who.projects.size > 0)) checkRights(who, action);
  return reach;
}

function projectsFor(who: Principal, action: Action): number[] {
  return [...who.projects].filter(([, roles]) => hasRight(who, action, roles)).map(([id]) => id);
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
