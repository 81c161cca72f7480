import type { Actor } from '../access/actor.ts';
import type { Destination } from '../network/destination.ts';

/** What a project's crawls may reach beside public addresses. */
export interface AllowedNetwork {
  project: number;
  destinations: Destination[];
}

export interface NetworkChange {
  allow: Destination[];
  remove: Destination[];
}

export interface NetworkStore {
  /**
   * Adds and removes destinations of a project in one step, and returns what holds afterwards; an empty change only
   * reads. What is both added and removed is removed. Throws `not_found` for a project that does not exist.
   */
  change(actor: Actor, project: number, change: NetworkChange): Promise<AllowedNetwork>;
  /** Of every project that has any, for who guards the network. */
  all(): Promise<AllowedNetwork[]>;
}
