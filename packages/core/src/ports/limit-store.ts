import type { Actor } from '../access/actor.ts';
import type { JobPolicyChange } from '../jobs/policy.ts';
import type { RetentionChange } from '../retention/retention.ts';

/** How a project's or a spider's jobs are treated. Absent fields stay as they are. */
export interface LimitChange {
  /** Most jobs at once; null: no limit of its own. */
  maxRunning?: number | null;
  /** Share of the slots while several projects wait; projects only. */
  weight?: number;
  /** Fields that change; the others stay. */
  policy?: JobPolicyChange;
  /** Fields that change; the others stay. */
  retention?: RetentionChange;
}

export interface Limits {
  project: number;
  /** Null: the project itself. */
  spider: string | null;
  maxRunning: number | null;
  weight: number | null;
  policy: JobPolicyChange;
  retention: RetentionChange;
}

/** What an operator allows a project and its spiders. Throws `not_found` for what does not exist. */
export interface LimitStore {
  /** `spider` null means the project itself. Returns what holds afterwards; an empty change only reads. */
  change(actor: Actor, project: number, spider: string | null, change: LimitChange): Promise<Limits>;
}
