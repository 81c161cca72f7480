import type { Actor } from '../access/actor.ts';

/** A filter of jobs that somebody has saved under a name. */
export interface SavedView {
  id: number;
  name: string;
  /** As it was typed. */
  q: string;
  /** Null: everybody in the project sees it. */
  user: number | null;
  createdBy: string;
}

export type NewView = Omit<SavedView, 'id' | 'createdBy'>;

export interface SavedViewStore {
  /** Those of everybody and those of the user, by name. */
  list(project: number, user: number | null): Promise<SavedView[]>;
  find(project: number, id: number): Promise<SavedView | null>;
  /** One of the same owner and name is replaced. Null when the project has as many as it may have. */
  save(actor: Actor, project: number, view: NewView): Promise<SavedView | null>;
  /** False when there is none. */
  remove(actor: Actor, project: number, id: number): Promise<boolean>;
}
