import { LRUCache } from 'lru-cache';
import type { DomainError } from '../errors.ts';
import { singleFlight } from '../lib/single-flight.ts';
import type { ServiceLimitStore } from '../ports/service-limit-store.ts';
import type { Allowance, LimitBook } from './limit-book.ts';
import { limitErrors } from './limit-errors.ts';
import type { LimitName } from './service-limits.ts';

/** How many there may be, of a project alone and of all projects of its organisation. Null: as many as want. */
export interface Ceiling {
  project: number;
  organisation: number;
  ofProject: number | null;
  ofOrganisation: number | null;
}

/** Decides which limits on waiting jobs a change has to hold. */
export interface PendingWatch {
  /** Of those projects that come near one of their limits: what the store has to count exactly. */
  ceilings(projects: Iterable<number>): Promise<Ceiling[]>;
}

/** A look at the counters that is older, ms, is followed by another one, for which nobody waits. */
const LOOK_MS = 250;
/** One that is older than this is good for nothing. */
const GOOD_MS = 1000;
/** More than the database takes jobs while a look is good, from all processes together. */
const FAR = 20_000;
const MAX_PROJECTS = 10_000;

/**
 * Most projects are far from any limit: for them the counters are looked at a few times a second, and nothing else. Near a
 * limit each batch is counted exactly, under a lock of its organisation.
 */
export function createPendingWatch(
  book: LimitBook,
  store: Pick<ServiceLimitStore, 'pending'>,
  now: () => number = Date.now,
): PendingWatch {
  const looks = new LRUCache<number, { at: number; isFar: boolean }>({ max: MAX_PROJECTS });
  const fly = singleFlight<boolean>();

  async function isFar(ceiling: Ceiling): Promise<boolean> {
    const known = looks.get(ceiling.project);
    const age = known ? now() - known.at : GOOD_MS;
    if (known && age < LOOK_MS) return known.isFar;
    const looking = fly(String(ceiling.project), () => look(ceiling));
    if (!known?.isFar || age >= GOOD_MS) return looking;
    // Whoever has to know asks again, and hears of the failure.
    looking.catch(() => {});
    return true;
  }

  async function look(ceiling: Ceiling): Promise<boolean> {
    const at = now();
    const count = await store.pending(ceiling.project);
    const room = Math.min(
      (ceiling.ofProject ?? Infinity) - count.project,
      (ceiling.ofOrganisation ?? Infinity) - count.organisation,
    );
    looks.set(ceiling.project, { at, isFar: room >= FAR });
    return room >= FAR;
  }

  return {
    async ceilings(projects) {
      const near: Ceiling[] = [];
      for (const project of projects) {
        const allowance = await book.ofProject(project);
        const ceiling = allowance && ceilingOf(project, allowance, 'pendingJobs');
        if (ceiling && hasLimit(ceiling) && !(await isFar(ceiling))) near.push(ceiling);
      }
      return near;
    },
  };
}

function hasLimit({ ofProject, ofOrganisation }: Ceiling): boolean {
  return ofProject !== null || ofOrganisation !== null;
}

/** The limits of what is counted over projects. */
export function ceilingOf(
  project: number,
  { organisation, ofProject, ofOrganisation }: Allowance,
  name: LimitName,
): Ceiling {
  return { project, organisation, ofProject: ofProject[name], ofOrganisation: ofOrganisation[name] };
}

/** An error where there are as many as there may be, `more` included; null where there is room. */
export function reached(
  name: LimitName,
  { project, organisation, ofProject, ofOrganisation }: Ceiling,
  count: { project: number; organisation: number },
  more = 1,
): DomainError | null {
  if (ofProject !== null && count.project + more > ofProject)
    return limitErrors.reached(name, { project }, ofProject);
  if (ofOrganisation !== null && count.organisation + more > ofOrganisation)
    return limitErrors.reached(name, { organisation }, ofOrganisation);
  return null;
}

/** Throws `forbidden` for a project whose files take as much as they may, or its organisation's. */
export function checkStored(project: number, allowance: Allowance): void {
  const { projectBytes, organisationBytes } = allowance;
  const error = reached('storedBytes', ceilingOf(project, allowance, 'storedBytes'), {
    project: projectBytes,
    organisation: organisationBytes,
  });
  if (error) throw error;
}
