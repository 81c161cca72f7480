import type { Actor } from '../access/actor.ts';
import type { Ceiling, PendingWatch } from '../limits/pending.ts';
import type { ActiveJob, Decision } from '../periodic/decide.ts';
import type { PeriodicJob, PeriodicPlan, PeriodicRun } from '../periodic/periodic-job.ts';
import type { ChangedJob } from './job-store.ts';

/** A periodic job as lists show it. */
export interface ListedPeriodicJob extends PeriodicJob {
  lastRun: PeriodicRun | null;
  /** Numbers of the spiders that its tasks name; those that are gone are not there. */
  spiderNumbers: Record<string, number>;
}

/** A plan with the first planned time that follows from it. */
export type PlacedPlan = PeriodicPlan & { nextAt: Date | null };

/** What came of the periodic jobs that were due. */
export interface Fired {
  /** How many planned times have a row now. */
  runs: number;
  /** Jobs that were made. */
  scheduled: number;
  /** Jobs that were asked to stop for others. */
  stopped: ChangedJob[];
}

/** Decides about one periodic job that is due; called inside of the transaction, so it must not wait for anything. */
export type Decide = (
  job: PeriodicJob & { nextAt: Date; fireAt: Date },
  active: ActiveJob[],
  now: Date,
) => Decision;

/** Periodic jobs with what they did. Rows in the database are the truth: what Redis forgets is not missed. */
export interface PeriodicStore {
  /** In the order of their numbers. */
  list(project: number): Promise<ListedPeriodicJob[]>;
  find(project: number, id: number): Promise<ListedPeriodicJob | null>;
  /** Throws `forbidden` when there are as many as the ceiling allows. */
  create(actor: Actor, project: number, plan: PlacedPlan, ceiling?: Ceiling): Promise<number>;
  /** False when somebody changed it since it was so, or it fired, or it is gone. */
  replace(
    actor: Actor,
    project: number,
    present: Pick<PeriodicJob, 'id' | 'revision' | 'nextAt'>,
    plan: PlacedPlan,
  ): Promise<boolean>;
  /** Makes this moment its next planned time. False when it is gone or disabled. */
  makeDue(actor: Actor, project: number, id: number): Promise<boolean>;
  /** False when there is none. Its jobs stay. */
  remove(actor: Actor, project: number, id: number): Promise<boolean>;
  /** The newest first, `limit` at most, planned before an instant. Null: from the newest. */
  runs(project: number, id: number, before: Date | null, limit: number): Promise<PeriodicRun[]>;

  /**
   * Fires up to `limit` periodic jobs that are due, in one transaction: rows of their planned times, their jobs and the
   * next planned times. What another process is firing is passed over. Ten planned times in a row of which no task
   * could start disable a periodic job. Jobs for which `pending` sees no place are refused.
   */
  fireDue(limit: number, decide: Decide, pending?: PendingWatch): Promise<Fired>;
  /** Periodic jobs whose next time was worked out by other rules of time zones, `limit` at most. */
  ofOtherZoneRules(rules: string, limit: number): Promise<PeriodicJob[]>;
  /** Notes by which rules the next time holds. Does nothing when people changed the plan meanwhile. */
  setNext(job: PeriodicJob, nextAt: Date | null, rules: string): Promise<void>;
  /** Removes rows of planned times older than that or beyond the newest so many of each, `limit` at most. */
  removeRuns(olderMs: number, keep: number, limit: number): Promise<number>;
}
