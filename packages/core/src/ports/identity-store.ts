import type { Actor } from '../access/actor.ts';
import type { Identity } from './identity-provider.ts';

export interface Known {
  user: number;
  name: string;
}

type Named = Pick<Identity, 'issuer' | 'subject'>;

/** By what somebody may become a user: one invitation, those that wait for an address, or because anybody may. */
export type Admission = { tokenHash: Buffer } | { email: string } | 'anybody';

/** Which user is who at an OpenID provider. */
export interface IdentityStore {
  find(identity: Named): Promise<Known | null>;
  /** Makes the identity one of the user's. Throws `conflict` when it is another user's by now. */
  add(actor: Actor, user: number, identity: Named): Promise<void>;
  /**
   * Makes a user with this identity and takes the invitations, in one. Null when no invitation is good; throws `conflict` for
   * a name that is taken.
   */
  admit(
    actor: Actor,
    guest: { name: string; email: string | null; identity: Named },
    by: Admission,
  ): Promise<Known | null>;
}
