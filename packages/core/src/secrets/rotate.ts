import type { Actor } from '../access/actor.ts';
import { SEALED_KINDS, type SealedKind, type SealedStore } from '../ports/sealed-store.ts';
import { type SecretKey, type SecretKeys, seal, secretErrors, unseal } from './sealing.ts';

const BATCH = 100;

export interface Rotation {
  /** The key that everything is sealed with from now on. */
  key: string;
  /** How many secrets were sealed anew. */
  sealed: number;
  /** Places of secrets that none of the keys opens: they stay as they are. */
  unreadable: string[];
}

/**
 * Seals all secrets with the first of the keys, in batches and while everything runs: processes that know the old and
 * the new key read both. Repeating it goes on where it was interrupted. Throws `invalid` when there is no key.
 */
export async function rotateSecrets(store: SealedStore, keysOf: SecretKeys, by: Actor): Promise<Rotation> {
  const keys = await keysOf();
  const [key] = keys;
  if (!key) throw secretErrors.noKey();
  await store.changeSealingKey(by, key.id);
  const rotation: Rotation = { key: key.id, sealed: 0, unreadable: [] };
  for (const kind of SEALED_KINDS) await rotateKind(store, kind, keys, key, rotation);
  return rotation;
}

async function rotateKind(
  store: SealedStore,
  kind: SealedKind,
  keys: readonly SecretKey[],
  key: SecretKey,
  rotation: Rotation,
): Promise<void> {
  for (let after = 0; ; ) {
    const batch = await store.sealedOtherwise(kind, key.id, after, BATCH);
    for (const { id, place, ...old } of batch) {
      after = id;
      if (!keys.some((known) => known.id === old.keyId)) rotation.unreadable.push(place);
      // One that changed meanwhile is sealed with the new key already.
      else if (await store.reseal(kind, id, old, seal(key, place, unseal(keys, place, old))))
        rotation.sealed += 1;
    }
    if (batch.length < BATCH) return;
  }
}
