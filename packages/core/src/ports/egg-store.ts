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
  save(egg: ProjectEgg): Promise<void>;
  /** By name. */
  list(project: number): Promise<ProjectEgg[]>;
  /** False when there is none. */
  remove(project: number, name: string): Promise<boolean>;
}
