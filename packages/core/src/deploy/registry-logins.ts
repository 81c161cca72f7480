import type { Actor } from '../access/actor.ts';
import { requestErrors } from '../errors.ts';
import type { SealedStore } from '../ports/sealed-store.ts';
import { REGISTRY_LOGIN, type VariableStore } from '../ports/variable-store.ts';
import { type SecretKeys, unseal } from '../secrets/sealing.ts';
import { createSealer, placeOfVariable } from '../variables/sealer.ts';

/** What a registry of container images asks for. */
export interface RegistryLogin {
  username: string;
  password: string;
}

const NAME = 'login';
const MAX_TEXT = 4096;

/** A project's own name and password at the registry of its images, sealed. The last deploy's count. */
export interface RegistryLogins {
  /**
   * Keeps them, in the words of shub: a JSON text with `username` and `password`. Throws `invalid`, and without SECRETS_KEY what
   * variables do.
   */
  save(project: number, text: string, by: Actor): Promise<void>;
  /** Null for a project that has none. Throws `conflict` when no key opens them. */
  of(project: number): Promise<RegistryLogin | null>;
}

export function createRegistryLogins(
  store: Pick<VariableStore, 'layers' | 'change'>,
  sealing: Pick<SealedStore, 'sealingKey'>,
  keysOf: SecretKeys,
): RegistryLogins {
  const save = createSealer(store, sealing, keysOf);

  async function opened(project: number): Promise<RegistryLogin | null> {
    const stored = (await store.layers(project, REGISTRY_LOGIN)).find(
      ({ spider }) => spider === REGISTRY_LOGIN,
    );
    if (!stored?.sealed) return null;
    return JSON.parse(unseal(await keysOf(), placeOfVariable(stored), stored.sealed)) as RegistryLogin;
  }

  return {
    async save(project, text, by) {
      const secret = new Map([[NAME, JSON.stringify(readLogin(text))]]);
      await save({ project, spider: REGISTRY_LOGIN }, { set: new Map(), secret, remove: [], by });
    },
    // Between the two reads a rotation may have sealed them anew and put the old key away.
    of: (project) => opened(project).catch(() => opened(project)),
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
