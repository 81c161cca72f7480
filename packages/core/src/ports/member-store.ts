import type { Actor } from '../access/actor.ts';
import type { Project } from '../access/principal.ts';
import type { Role } from '../access/roles.ts';
import type { Organisation } from './admin-store.ts';
import type { Place } from './link-store.ts';

/** A user as a member of an organisation, or of one project. */
export interface MemberOf {
  user: number;
  name: string;
  role: Role;
  since: Date;
  /** When one of its sessions was seen last, to the minute; null for who has none. */
  seenAt: Date | null;
}

export type ProjectOf = Project & { organisation: string };

/** Organisations, their projects, and who is what in them. */
export interface MemberStore {
  /** In order of their numbers. Null: all of them. */
  organisations(ids: readonly number[] | null): Promise<Organisation[]>;
  /** Throws `conflict` for a name that is taken. */
  createOrganisation(actor: Actor, name: string): Promise<Organisation>;
  renameOrganisation(actor: Actor, id: number, name: string): Promise<Organisation>;

  /** In order of their numbers. Null: all of them. */
  projects(ids: readonly number[] | null): Promise<ProjectOf[]>;
  /** Throws `conflict` for a name or a number that is taken. */
  createProject(actor: Actor, organisation: number, name: string, id: number | null): Promise<ProjectOf>;
  changeProject(actor: Actor, id: number, change: { name?: string; paused?: boolean }): Promise<ProjectOf>;

  members(place: Place): Promise<MemberOf[]>;
  /** What the user is there; null for who is no member. */
  roleOf(place: Place, user: number): Promise<Role | null>;
  /**
   * Changes what a member is. False when it is no longer `from`. Throws `conflict` when the organisation would be left
   * without an owner.
   */
  changeRole(actor: Actor, place: Place, user: number, from: Role, to: Role): Promise<boolean>;
  /** Ends a membership of somebody who is `from`; the rest as in `changeRole`. */
  removeMember(actor: Actor, place: Place, user: number, from: Role): Promise<boolean>;
  /** Whether everything that the user is a member of belongs to this organisation. */
  isOnlyIn(user: number, organisation: number): Promise<boolean>;
}
