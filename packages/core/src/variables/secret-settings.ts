import type { Actor } from '../access/actor.ts';
import { requestErrors } from '../errors.ts';
import { isScrapySetting } from '../jobs/project-settings.ts';
import type { SealedStore } from '../ports/sealed-store.ts';
import { secretSettingsOf, type VariableStore } from '../ports/variable-store.ts';
import { type SecretKeys, unseal } from '../secrets/sealing.ts';
import { MAX_VARIABLE_BYTES } from './names.ts';
import { createSealer, placeOfVariable } from './sealer.ts';

/** Settings of projects, and of single spiders, whose values nobody reads again but their crawls. Spider 0: the project. */
export interface SecretSettings {
  /** Their names, in order. Throws `not_found`. */
  names(project: number, spider: number): Promise<string[]>;
  /**
   * Sets values, which are JSON texts, and removes names; what is not there is removed, too. Throws `invalid` that names
   * the setting and does not show its value, `not_found`, `too_large`, and without SECRETS_KEY what variables do.
   */
  change(
    project: number,
    spider: number,
    set: ReadonlyMap<string, string>,
    remove: readonly string[],
    by: Actor,
  ): Promise<void>;
  /** One layer, as name to JSON text, for a crawl. Throws `conflict` for a secret that no key opens. */
  of(project: number, spider: number): Promise<Record<string, string>>;
}

export function createSecretSettings(
  store: VariableStore,
  sealing: Pick<SealedStore, 'sealingKey'>,
  keysOf: SecretKeys,
): SecretSettings {
  const save = createSealer(store, sealing, keysOf);

  async function opened(project: number, spider: number): Promise<Record<string, string>> {
    const place = secretSettingsOf(spider);
    const layers = await store.layers(project, place);
    const stored = layers.filter((one) => one.spider === place);
    const keys = stored.length > 0 ? await keysOf() : [];
    const texts = stored.flatMap((one): [string, string][] =>
      one.sealed === null ? [] : [[one.name, unseal(keys, placeOfVariable(one), one.sealed)]],
    );
    return Object.fromEntries(texts);
  }

  return {
    names: (project, spider) => store.secretSettings(project, spider),
    async change(project, spider, set, remove, by) {
      for (const [name, json] of set) check(name, json);
      const both = remove.find((name) => set.has(name));
      if (both !== undefined) throw requestErrors.invalid(both, 'is named twice');
      const layer = { project, spider: secretSettingsOf(spider) };
      await save(layer, { set: new Map(), secret: set, remove, by });
    },
    // Between the two reads a rotation may have sealed them anew and put the old key away.
    of: (project, spider) => opened(project, spider).catch(() => opened(project, spider)),
  };
}

function check(name: string, json: string): void {
  if (!isScrapySetting(name)) {
    const shown = JSON.stringify(name.slice(0, 100));
    throw requestErrors.invalid('name', `${shown} is no setting of Scrapy: expected capitals, digits and _`);
  }
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_VARIABLE_BYTES) {
    throw requestErrors.invalid(
      name,
      `${bytes} bytes are too much: a secret has ${MAX_VARIABLE_BYTES} at most`,
    );
  }
}
