import { accessErrors, accountErrors } from '../errors.ts';
import type { Place } from '../ports/link-store.ts';
import type { ServiceLimitStore, Usage } from '../ports/service-limit-store.ts';
import { type Allowance, allowanceOf, limitOfOne } from './limit-book.ts';
import { LIMIT_NAMES, type LimitName, type ServiceLimits } from './service-limits.ts';

export interface LimitState {
  /** Null: none. */
  limit: number | null;
  /** Whether staff has set it for this very place. */
  isSet: boolean;
  /** What there is; null for what is not counted up. */
  used: number | null;
}

export interface LimitOverview {
  limits: Record<LimitName, LimitState>;
  /** What all projects of the organisation may have together. */
  ofOrganisation: ServiceLimits;
}

/** These hold for each egg and each job, whoever set them. */
const OF_ONE: readonly LimitName[] = ['eggBytes', 'itemsPerJob', 'logsPerJob'];

/** What a project or an organisation may have, and what it has. Throws `not_found`. */
export async function limitOverview(
  store: Pick<ServiceLimitStore, 'find' | 'usage'>,
  defaults: ServiceLimits,
  place: Place,
): Promise<LimitOverview> {
  const found = await store.find(place);
  if (!found) throw notFound(place);
  const allowance = allowanceOf(found, defaults);
  const set = 'project' in place ? (found.ofProject ?? {}) : found.ofOrganisation;
  const usage: Partial<Record<LimitName, number | null>> & Usage = await store.usage(place);
  const limits = LIMIT_NAMES.map((name): [LimitName, LimitState] => [
    name,
    { limit: limitIn(place, allowance, name), isSet: name in set, used: usage[name] ?? null },
  ]);
  return {
    limits: Object.fromEntries(limits) as Record<LimitName, LimitState>,
    ofOrganisation: allowance.ofOrganisation,
  };
}

function limitIn(place: Place, allowance: Allowance, name: LimitName): number | null {
  if ('organisation' in place) return allowance.ofOrganisation[name];
  return OF_ONE.includes(name) ? limitOfOne(allowance, name) : allowance.ofProject[name];
}

function notFound(place: Place): Error {
  return 'project' in place
    ? accessErrors.projectNotFound(place.project)
    : accountErrors.notFound('organisation', String(place.organisation));
}
