import type { Actor } from '../access/actor.ts';
/** An egg that a project keeps beside its versions. */
export interface ProjectEgg {
  project: number;
  name: string;
  version: string;
  sha256: string;
  sizeBytes: number;
  createdBy: string;
}

export interface EggStore {
  /** Stores or replaces the egg of this name. */
  save(actor: Actor, egg: ProjectEgg): Promise<void>;
  /** By name. */
  list(project: number): Promise<ProjectEgg[]>;
  /** False when there is none. */
  remove(actor: Actor, project: number, name: string): Promise<boolean>;
}
