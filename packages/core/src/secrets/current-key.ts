import type { SealedStore } from '../ports/sealed-store.ts';
import { type SecretKey, type SecretKeys, secretErrors } from './sealing.ts';

/**
 * The key that seals what is stored now. Throws `invalid` when this installation has none, `conflict` when it has another one
 * than what is stored was sealed with.
 */
export async function currentSecretKey(
  sealing: Pick<SealedStore, 'sealingKey'>,
  keysOf: SecretKeys,
): Promise<SecretKey> {
  const keys = await keysOf();
  const [first] = keys;
  if (!first) throw secretErrors.noKey();
  const id = await sealing.sealingKey(first.id);
  const key = keys.find((each) => each.id === id);
  if (!key) throw secretErrors.otherKey(id);
  return key;
}
