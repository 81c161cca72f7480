import type { Actor } from '../access/actor.ts';
import type { Sealed } from '../secrets/sealing.ts';

/** Tables that hold sealed texts. */
export const SEALED_KINDS = ['variables', 'webhook_secrets'] as const;
export type SealedKind = (typeof SEALED_KINDS)[number];

/** Everything that is stored sealed, and which key seals it. */
export interface SealedStore {
  /** Id of the key that seals from now on. The first one that is ever asked about becomes it. */
  sealingKey(first: string): Promise<string>;
  /** Returns when nothing can be stored any more that another key sealed. */
  changeSealingKey(actor: Actor, id: string): Promise<void>;
  /** Up to `limit` sealed texts of a kind behind `after`, by id, that another key than this one sealed. */
  sealedOtherwise(
    kind: SealedKind,
    keyId: string,
    after: number,
    limit: number,
  ): Promise<(Sealed & { id: number; place: string })[]>;
  /** Replaces a sealed text. False when it is not the old one any more. */
  reseal(kind: SealedKind, id: number, old: Sealed, now: Sealed): Promise<boolean>;
}
