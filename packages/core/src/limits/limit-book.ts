import { remembered } from '../lib/remembered.ts';
import type { ServiceLimitStore, StoredLimits } from '../ports/service-limit-store.ts';
import {
  type LimitName,
  limitsOfOrganisation,
  limitsOfProject,
  type ServiceLimits,
  stricter,
} from './service-limits.ts';

/** What holds for a project: by itself, and for all projects of its organisation together. */
export interface Allowance {
  organisation: number;
  ofOrganisation: ServiceLimits;
  organisationBytes: number;
  /** Nothing but `null` where an organisation was asked for. */
  ofProject: ServiceLimits;
  projectBytes: number;
}

/** The limits that hold, as they were at most a second ago. */
export interface LimitBook {
  /** Null for a project that there is not. */
  ofProject(project: number): Promise<Allowance | null>;
  ofOrganisation(organisation: number): Promise<Allowance | null>;
  /** What an organisation may have for which nothing was set. */
  readonly defaults: ServiceLimits;
}

/** How long what was set is trusted, ms. */
const TRUST_MS = 1000;
const MAX_ENTRIES = 10_000;

export function createLimitBook(
  store: Pick<ServiceLimitStore, 'find'>,
  defaults: ServiceLimits,
  now: () => number = Date.now,
): LimitBook {
  const options = { trustMs: TRUST_MS, most: MAX_ENTRIES, now };
  const read = (found: StoredLimits | null) => found && allowanceOf(found, defaults);
  const projects = remembered(async (project: number) => read(await store.find({ project })), options);
  const organisations = remembered(
    async (organisation: number) => read(await store.find({ organisation })),
    options,
  );
  return { ofProject: projects.get, ofOrganisation: organisations.get, defaults };
}

/** What holds, given what was set. */
export function allowanceOf(found: StoredLimits, defaults: ServiceLimits): Allowance {
  const { organisation, organisationBytes } = found;
  const projectBytes = found.projectBytes ?? 0;
  const ofOrganisation = limitsOfOrganisation(found.ofOrganisation, defaults);
  const ofProject = limitsOfProject(found.ofProject ?? {}, ofOrganisation);
  return { organisation, ofOrganisation, organisationBytes, ofProject, projectBytes };
}

/** Of what is not added up over projects: the limit of one egg, or of one job. */
export function limitOfOne(
  { ofOrganisation, ofProject }: Pick<Allowance, 'ofOrganisation' | 'ofProject'>,
  name: LimitName,
): number | null {
  return stricter(ofOrganisation[name], ofProject[name]);
}
