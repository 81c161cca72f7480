import type { Actor } from '../access/actor.ts';
import { requestErrors } from '../errors.ts';
import type { SealedStore } from '../ports/sealed-store.ts';
import { REGISTRY_LOGIN, type VariableStore } from '../ports/variable-store.ts';
import { type SecretKeys, unseal } from '../secrets/sealing.ts';
import { createSealer, placeOfVariable } from '../variables/sealer.ts';
import { registryOf } from './image-names.ts';

/** What a registry of container images asks for. */
export interface RegistryLogin {
  username: string;
  password: string;
}

const MAX_TEXT = 4096;

/**
 * A project's own names and passwords at the registries of its images, sealed, one for each registry: the last deploy's count. No
 * registry is told what belongs to another one, whoever names it in a deploy.
 */
export interface RegistryLogins {
  /**
   * Keeps what leads to the registry of an image, in the words of shub: a JSON text with `username` and `password`. Throws `invalid`,
   * and without SECRETS_KEY what variables do.
   */
  save(project: number, image: string, text: string, by: Actor): Promise<void>;
  /** Null for a project that has none at the registry of this image. Throws `conflict` when no key opens them. */
  of(project: number, image: string): Promise<RegistryLogin | null>;
}

export function createRegistryLogins(
  store: Pick<VariableStore, 'layers' | 'change'>,
  sealing: Pick<SealedStore, 'sealingKey'>,
  keysOf: SecretKeys,
): RegistryLogins {
  const save = createSealer(store, sealing, keysOf);

  async function opened(project: number, registry: string): Promise<RegistryLogin | null> {
    const stored = (await store.layers(project, REGISTRY_LOGIN)).find(
      ({ spider, name }) => spider === REGISTRY_LOGIN && name === registry,
    );
    if (!stored?.sealed) return null;
    return JSON.parse(unseal(await keysOf(), placeOfVariable(stored), stored.sealed)) as RegistryLogin;
  }

  return {
    async save(project, image, text, by) {
      const secret = new Map([[registryOf(image), JSON.stringify(readLogin(text))]]);
      await save({ project, spider: REGISTRY_LOGIN }, { set: new Map(), secret, remove: [], by });
    },
    // Between the two reads a rotation may have sealed them anew and put the old key away.
    of: (project, image) =>
      opened(project, registryOf(image)).catch(() => opened(project, registryOf(image))),
  };
}

function readLogin(text: string): RegistryLogin {
  const { username, password } = parsed(text);
  if (![username, password].every((one) => typeof one === 'string' && one.length <= MAX_TEXT && one !== ''))
    throw requestErrors.invalid('pull_auth_config', 'expected JSON with username and password');
  return { username: username as string, password: password as string };
}

function parsed(text: string): { username?: unknown; password?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
