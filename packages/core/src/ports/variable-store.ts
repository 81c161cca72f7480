import type { Actor } from '../access/actor.ts';
import type { Sealed } from '../secrets/sealing.ts';

/** Stands for the number of a spider where settings of the project are stored that are secret: they are no variables. */
export const SECRET_SETTINGS = -1;
/** The same for the project's login at a registry of container images. */
export const REGISTRY_LOGIN = -2;
/** From here down stand settings of spiders that are secret. */
const SPIDER_SETTINGS = -10;

/** Where settings of a spider that are secret are stored; with 0 those of its project. */
export function secretSettingsOf(spider: number): number {
  return spider === 0 ? SECRET_SETTINGS : SPIDER_SETTINGS - spider;
}

/** Number of the spider whose variables or secret settings are stored under `stored`; 0 for what is the project's. */
export function spiderOfStored(stored: number): number {
  return stored <= SPIDER_SETTINGS ? SPIDER_SETTINGS - stored : Math.max(stored, 0);
}

/** A variable as it is stored: a value that everybody may see, or a sealed one. */
export type StoredValue = { value: string; sealed: null } | { value: null; sealed: Sealed };

export type StoredVariable = StoredValue & {
  project: number;
  /** Number of the spider that has it; 0 for the whole project, what `secretSettingsOf` says for settings. */
  spider: number;
  name: string;
};

/** A variable as it is listed. */
export interface ListedVariable {
  /** Name of the spider that has it; null for the whole project. */
  spider: string | null;
  name: string;
  /** Null for a secret. */
  value: string | null;
  /** Id of the API key that was made for it and goes with it. */
  apiKey: number | null;
  changedAt: Date;
  changedBy: string;
}

export interface VariableChange {
  set: ReadonlyMap<string, StoredValue>;
  remove: readonly string[];
  /** Makes a key of the project that belongs to the variable of this name. */
  apiKey?: { name: string; hash: Buffer; hint: string };
  by: Actor;
}

export interface VariableStore {
  /** The project's first, then those of its spiders, by name. Throws `not_found` for an unknown project. */
  list(project: number): Promise<ListedVariable[]>;
  /**
   * Names of the settings that are secret, in order: of a spider, or with 0 of the project. Throws `not_found` for an
   * unknown project.
   */
  secretSettings(project: number, spider: number): Promise<string[]>;
  /**
   * What a crawl of this spider gets of both layers; 0 for what the project gives all of them, what `secretSettingsOf`
   * says for settings.
   */
  layers(project: number, spider: number): Promise<StoredVariable[]>;
  /** Number of a spider. Throws `not_found` for an unknown project or spider. */
  spiderNumber(project: number, spider: string): Promise<number>;
  /**
   * Changes a layer as a whole, or not at all; an API key that belonged to a variable which is set or removed is revoked.
   * False when another key seals than the one that sealed the change. Throws `not_found`, `too_large`.
   */
  change(project: number, spider: number, change: VariableChange): Promise<boolean>;
}
