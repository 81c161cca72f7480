import type { Actor } from '../access/actor.ts';
import type { RawFields } from '../json/raw-object.ts';

export interface QueueCounts {
  project: number;
  pending: number;
  running: number;
  finished: number;
  /** Units of all running jobs. */
  runningUnits: number;
}

/** Settings of a project in all, as bytes of JSON: each of its crawls gets them. */
export const MAX_SETTINGS_BYTES = 1024 * 1024;

/** What belongs to a project as a whole. */
export interface ProjectStore {
  settings(project: number): Promise<RawFields>;
  /** Sets and removes some settings, others stay. Throws `invalid` for a value that is not strict JSON, `too_large`. */
  changeSettings(actor: Actor, project: number, set: RawFields, remove: readonly string[]): Promise<void>;
  /** Lengths of a project's queues. */
  queueCounts(project: number): Promise<QueueCounts>;
  /** The same for those of `projects` (null: all) that have pending or running jobs, by project number. */
  busyQueues(projects: readonly number[] | null): Promise<QueueCounts[]>;
}
