import type { Principal } from '../access/principal.ts';
import type { LimitBook } from './limit-book.ts';
import { type LimitedPlace, limitErrors } from './limit-errors.ts';
import type { Meter } from './meter.ts';
import type { ServiceLimits } from './service-limits.ts';

/** How often callers may ask. Staff may always. */
export interface Rates {
  /**
   * Counts a request of a caller whose credentials are good, before anything else is done for it: for its organisation or
   * its project when that is the only one that it can ask for. Says whose request it is. Throws `exhausted`.
   */
  arrive(who: Principal): Promise<string>;
  /** Counts a request for the project that it turned out to be for, once it may. Throws `exhausted`. */
  enter(who: Principal, project: number): Promise<void>;
}

const STAFF = 'staff';

export function createRates(book: LimitBook, meter: Meter): Rates {
  const homeOf = rememberedHomes();

  function count(place: RatedPlace, { requestsPerSecond, burstSeconds }: ServiceLimits): void {
    if (requestsPerSecond === null) return;
    const rate = { perSecond: requestsPerSecond, windowSeconds: burstSeconds ?? 1 };
    const wait = meter.take(nameOf(place), rate);
    if (wait > 0) throw limitErrors.tooFast(place, requestsPerSecond, wait);
  }

  async function countProject(project: number, withOrganisation: boolean): Promise<string> {
    const allowance = await book.ofProject(project);
    if (!allowance) return nameOf({ project });
    const { organisation, ofOrganisation, ofProject } = allowance;
    count({ project }, ofProject);
    if (withOrganisation) count({ organisation }, ofOrganisation);
    return nameOf({ organisation });
  }

  return {
    async arrive(who) {
      if (who.staff) return STAFF;
      const home = homeOf(who);
      if (home === null) {
        count({ caller: who.name }, book.defaults);
        return nameOf({ caller: who.name });
      }
      if ('project' in home) return countProject(home.project, true);
      const { organisation } = home;
      const allowance = await book.ofOrganisation(organisation);
      if (allowance) count({ organisation }, allowance.ofOrganisation);
      return nameOf({ organisation });
    },
    async enter(who, project) {
      if (who.staff) return;
      const home = homeOf(who);
      if (home && 'project' in home) return;
      await countProject(project, home === null);
    },
  };
}

type RatedPlace = Exclude<LimitedPlace, { job: string }>;
type Home = { project: number } | { organisation: number };

/** Callers come again and again, and may be members of thousands of projects. */
function rememberedHomes(): (who: Principal) => Home | null {
  const homes = new WeakMap<Principal, { home: Home | null }>();
  return (who) => {
    const known = homes.get(who);
    if (known) return known.home;
    const home = findHome(who);
    homes.set(who, { home });
    return home;
  };
}

/** The only place that a caller can ask for; null for who is a member of several, or of none. */
function findHome({ job, organisations, projects }: Principal): Home | null {
  if (job) return { project: job.key.project };
  if (organisations.size === 0 && projects.size === 1) {
    const [project] = projects.keys();
    return { project: project as number };
  }
  if (organisations.size !== 1) return null;
  const [organisation] = organisations.keys();
  // Who shares a project of another organisation has a role of its own there.
  for (const { inherited } of projects.values()) if (inherited === null) return null;
  return { organisation: organisation as number };
}

/** Under which name a place's requests are counted. */
function nameOf(place: RatedPlace): string {
  if ('project' in place) return `p${place.project}`;
  return 'organisation' in place ? `o${place.organisation}` : `c${place.caller}`;
}
