import type { Actor } from '../access/actor.ts';
/** A container image that somebody announced for a project. */
export interface Release {
  /** Random text that nobody can guess. */
  id: string;
  project: number;
  version: string;
  imageUrl: string;
  projectType: string;
  spiders: string[];
  scripts: string[];
  deployedBy: string;
}

export interface ReleaseStore {
  /** Stores the release, and its image as the newest version of the project. */
  save(actor: Actor, release: Release): Promise<void>;
  find(id: string): Promise<Release | null>;
}
