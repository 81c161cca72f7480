import { serviceErrors } from '../errors.ts';
import type { SealedStore } from '../ports/sealed-store.ts';
import type { StoredValue, StoredVariable, VariableChange, VariableStore } from '../ports/variable-store.ts';
import { currentSecretKey } from '../secrets/current-key.ts';
import { type SecretKeys, seal } from '../secrets/sealing.ts';

const TRIES = 3;

/** One layer: of a project, or of one spider. */
export interface Layer {
  project: number;
  spider: number;
}

export interface LayerChange extends Omit<VariableChange, 'set'> {
  set: ReadonlyMap<string, string>;
  secret: ReadonlyMap<string, string>;
}

/** Where the secret of a variable belongs. */
export function placeOfVariable({
  project,
  spider,
  name,
}: Pick<StoredVariable, 'project' | 'spider' | 'name'>): string {
  return `variable ${project}/${spider}/${name}`;
}

/** Seals the secrets of a change with the key that is the installation's at that moment, and stores it. */
export function createSealer(
  store: Pick<VariableStore, 'change'>,
  sealing: Pick<SealedStore, 'sealingKey'>,
  keysOf: SecretKeys,
) {
  /** Throws what `VariableStore.change` throws, and for a secret `invalid` without a key and `conflict` with another one. */
  return async ({ project, spider }: Layer, { set, secret, ...more }: LayerChange): Promise<void> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const values = new Map<string, StoredValue>();
      for (const [name, value] of set) values.set(name, { value, sealed: null });
      const key = secret.size > 0 ? await currentSecretKey(sealing, keysOf) : null;
      for (const [name, value] of secret) {
        const place = placeOfVariable({ project, spider, name });
        if (key) values.set(name, { value: null, sealed: seal(key, place, value) });
      }
      if (await store.change(project, spider, { set: values, ...more })) return;
    }
    throw serviceErrors.unavailable('the key of secrets');
  };
}
