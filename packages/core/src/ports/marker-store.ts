import type { Actor } from '../access/actor.ts';
/** A tag by which pipelines tell what they have consumed, with indexes that hold only what lacks it. */
export interface Marker {
  tag: string;
}

/**
 * Consumption markers of the whole installation. With one, a page of finished jobs that lack the tag costs the same
 * however many jobs carry it; without, the tag works but its search passes over what is consumed. `consumed` is always
 * one.
 */
export interface MarkerStore {
  list(): Promise<Marker[]>;
  /** Takes minutes where there are millions of jobs; nothing waits for it. Throws `invalid` for an unsuitable tag. */
  create(actor: Actor, tag: string): Promise<{ value: Marker; created: boolean }>;
  /** Throws `not_found`. */
  remove(actor: Actor, tag: string): Promise<Marker>;
}
