import type { Project } from '../access/principal.ts';
import type { Role } from '../access/roles.ts';

export interface Organisation {
  id: number;
  name: string;
}

export interface User {
  id: number;
  name: string;
}

/** A user as lists show it. */
export interface ListedUser extends User {
  /** Whether it may do what staff may while it is signed in. Its keys may not. */
  staff: boolean;
}

/** What became of a user of the staff, and what ended with that. */
export interface StaffChange {
  user: string;
  staff: boolean;
  sessionsEnded: number;
  keysRevoked: number;
}

/** A user of an organisation reaches all its projects, as what it is in the organisation. */
export interface Member {
  organisation: string;
  user: string;
  role: Role;
}

/** A key as it is listed; the key itself is shown once, when it is created, and only its hash is kept. */
export interface ApiKey {
  id: number;
  /** First characters of the key, to tell keys apart. */
  hint: string;
  /** The key reaches what this user reaches. Null for keys of a project and for bare staff keys. */
  user: string | null;
  /** The key is a member of this project only. */
  project: number | null;
  /** What a key of a project is there; a key of a user is what the user is. */
  role: Role;
  /** The key reaches every project, whatever it is a member of. */
  staff: boolean;
  createdAt: Date;
  revoked: boolean;
  name: string;
  /** What it is good for; null: all that its owner may do. */
  actions: readonly string[] | null;
  /** Of a key of a user: where it is good; null: wherever the user is a member. */
  projects: readonly number[] | null;
  networks: readonly string[] | null;
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
  lastAddress: string | null;
  lastClient: string | null;
}

export interface NewProject {
  /** Chosen number, or null for the next free one. */
  id: number | null;
  /** Name of the organisation, which must exist. */
  organisation: string;
  /** Unique in its organisation. */
  name: string;
  /** Only for a new project: one that exists keeps its state. */
  paused: boolean;
}

export interface NewKey {
  /** SHA-256 of the key (`hashApiKey`). */
  hash: Buffer;
  hint: string;
  /** Name of a user, who must exist. */
  user: string | null;
  project: number | null;
  /** Of a key of a project. Without one it is an admin there. */
  role?: Role;
  staff: boolean;
  /** What is not given is not restricted. */
  name?: string;
  actions?: readonly string[] | null;
  projects?: readonly number[] | null;
  networks?: readonly string[] | null;
  expiresAt?: Date | null;
}

/** `created` is false when the same thing was there already. */
export interface Created<T> {
  value: T;
  created: boolean;
}

/**
 * What an operator sets up. Creating the same again is no error and changes nothing; creating something that
 * collides (a number or a key that already means something else) throws `conflict`. Names and numbers that must
 * exist and do not throw `not_found`. Lists are ordered by id.
 */
export interface AdminStore {
  createOrganisation(name: string): Promise<Created<Organisation>>;
  /** Without `id` a project of that name in the organisation counts as the same. */
  createProject(project: NewProject): Promise<Created<Project>>;
  setProjectPaused(id: number, paused: boolean): Promise<Project>;
  createUser(name: string): Promise<Created<User>>;
  /**
   * Says whether a user is of the staff. When that changes, all its sessions and links end, so that nobody becomes mighty
   * with what was opened, planted or handed on before; and with the right its staff keys. Throws `not_found`.
   */
  setStaff(user: string, staff: boolean): Promise<StaffChange>;
  /** Without a role a new member is an owner, and one that is there keeps its role; with one it gets that. */
  addMember(organisation: string, user: string, role?: Role): Promise<Created<Member>>;
  /** The same hash with the same owner counts as the same key; a revoked key never comes back. */
  createKey(key: NewKey): Promise<Created<ApiKey>>;
  /** From now on the key is unknown. Revoking again is fine. */
  revokeKey(id: number): Promise<ApiKey>;
  organisationNumber(name: string): Promise<number>;
  listOrganisations(): Promise<Organisation[]>;
  listProjects(): Promise<(Project & { organisation: string })[]>;
  listUsers(): Promise<ListedUser[]>;
  listMembers(): Promise<Member[]>;
  listKeys(): Promise<ApiKey[]>;
}
