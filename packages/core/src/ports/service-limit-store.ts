import type { Actor } from '../access/actor.ts';
import type { ServiceLimitChange, SetLimits } from '../limits/service-limits.ts';
import type { Place } from './link-store.ts';

/** What was set for a project and for its organisation, and what they take. */
export interface StoredLimits {
  organisation: number;
  ofOrganisation: SetLimits;
  /** Bytes of all projects together, as they were measured last. */
  organisationBytes: number;
  /** Null where an organisation was asked for. */
  ofProject: SetLimits | null;
  /** Null as long as nothing was measured. */
  projectBytes: number | null;
}

/** What there is at this moment. */
export interface Usage {
  pendingJobs: number;
  runningJobs: number;
  /** As it was measured last; null as long as nothing was. */
  storedBytes: number | null;
  periodicJobs: number;
}

/** Jobs that wait, admitted ones included: of a project, and of all projects of its organisation. */
export interface PendingCount {
  project: number;
  organisation: number;
}

/** Service limits as Postgres has them. */
export interface ServiceLimitStore {
  /** Null when there is no such place. */
  find(place: Place): Promise<StoredLimits | null>;
  /** Throws `not_found`. */
  change(actor: Actor, place: Place, change: ServiceLimitChange): Promise<void>;
  usage(place: Place): Promise<Usage>;
  pending(project: number): Promise<PendingCount>;
}

/** Measures what files take, a project at a time. */
export interface StorageUsageStore {
  /** A project that was not measured for so long, ms, or never; null when there is none. */
  stale(olderThanMs: number): Promise<number | null>;
  /** Bytes of eggs and reports of a project, as its rows say. */
  rowBytes(project: number): Promise<number>;
  save(project: number, storedBytes: number): Promise<void>;
}
