import type { Principal, Project } from '../access/principal.ts';

/** Keys, memberships and projects as Postgres holds them. */
export interface AccessStore {
  /** `hash` is the SHA-256 of the key (32 bytes); null for unknown and revoked keys. */
  findKey(hash: Buffer): Promise<Principal | null>;
  /** The same for several at once, in their order. */
  findKeys(hashes: readonly Buffer[]): Promise<(Principal | null)[]>;
  findProject(id: number): Promise<Project | null>;
  hasOrganisation(id: number): Promise<boolean>;
}
