import type { Actor } from '../access/actor.ts';
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
}
