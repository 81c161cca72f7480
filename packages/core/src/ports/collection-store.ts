import type { Actor } from '../access/actor.ts';
/** `s` keeps, `cs` expires; the versioned types `vs` and `vcs` keep the newest value like the other two. */
export type CollectionType = 's' | 'cs' | 'vs' | 'vcs';

export const COLLECTION_TYPES: readonly CollectionType[] = ['s', 'vs', 'cs', 'vcs'];

export interface CollectionRef {
  project: number;
  type: CollectionType;
  name: string;
}

export interface CollectionRecord {
  key: string;
  /** Raw JSON object without the key. */
  value: string;
  /** When it was written, ms since the epoch. */
  ts: number;
}

/** Which records of a collection. Absent means "any". */
export interface CollectionScan {
  keys?: string[];
  /** Keys that begin with any of these. */
  prefixes?: string[];
  /** First key, inclusive. */
  start?: string;
  /** Last key before the first one, exclusive. */
  startAfter?: string;
  /** Written at or after, ms. */
  since?: number;
  /** Written before, ms. */
  until?: number;
}

/** Key-value sets of a project. Expired records are never seen. Keys are ordered by their bytes. */
export interface CollectionStore {
  /** By name, then s, vs, cs, vcs. */
  list(project: number): Promise<{ type: CollectionType; name: string }[]>;
  /** Inserts or replaces; makes the collection when there is none. Of repeated keys the last one counts. */
  put(ref: CollectionRef, records: readonly { key: string; value: string }[]): Promise<void>;
  get(ref: CollectionRef, key: string): Promise<CollectionRecord | null>;
  /** The next records in the order of keys: at most `limit`, and not many more than 4 MiB. Empty at the end. */
  page(ref: CollectionRef, scan: CollectionScan, limit: number): Promise<CollectionRecord[]>;
  count(ref: CollectionRef, scan: CollectionScan): Promise<number>;
  remove(ref: CollectionRef, keys: readonly string[]): Promise<void>;
  /** Removes one collection with its records. */
  drop(actor: Actor, ref: CollectionRef): Promise<void>;
  /** Removes the collections of all types that have this name. */
  dropAll(actor: Actor, project: number, name: string): Promise<void>;
  /** All types at once. Throws `conflict` when one of the new names is taken, `not_found` when there is none. */
  rename(actor: Actor, project: number, name: string, newName: string): Promise<void>;
}
