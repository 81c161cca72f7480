import type { Principal, Project } from '../access/principal.ts';

/** Keys, memberships and projects as Postgres holds them. */
export interface AccessStore {
  /** `hash` is the SHA-256 of the key (32 bytes); null for unknown and revoked keys. */
  findKey(hash: Buffer): Promise<Principal | null>;
  /** The same for several at once, in their order. */
  findKeys(hashes: readonly Buffer[]): Promise<(Principal | null)[]>;
  /** A key that is known and no longer good, for the audit log. */
  findDeadKey(hash: Buffer): Promise<DeadKey | null>;
  findProject(id: number): Promise<Project | null>;
  hasOrganisation(id: number): Promise<boolean>;
}

export interface DeadKey {
  id: number;
  user: number | null;
  project: number | null;
  /** As the key was called when it was good. */
  name: string;
  why: string;
}
