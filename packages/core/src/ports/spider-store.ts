import type { Actor } from '../access/actor.ts';
import type { RawFields } from '../json/raw-object.ts';
import type { TagChange } from './job-store.ts';

export interface SpiderDetails {
  project: number;
  projectName: string;
  number: number;
  name: string;
  /** Sorted. */
  tags: string[];
  version: string | null;
  createdAt: Date;
}

export interface SpiderStore {
  find(project: number, number: number): Promise<SpiderDetails | null>;
  /** Null when there is no such spider. Removing wins over adding. */
  changeTags(actor: Actor, project: number, number: number, change: TagChange): Promise<SpiderDetails | null>;
  /** What its crawls get above the project's; none for an unknown spider. */
  settings(project: number, number: number): Promise<RawFields>;
  /**
   * Sets and removes some settings, others stay. Throws `invalid` for a value that is not strict JSON, `too_large`,
   * `not_found`.
   */
  changeSettings(
    actor: Actor,
    project: number,
    number: number,
    set: RawFields,
    remove: readonly string[],
  ): Promise<void>;
}
