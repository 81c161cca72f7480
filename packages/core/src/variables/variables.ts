import type { Actor } from '../access/actor.ts';
import { hashApiKey, keyHint, newApiKey } from '../access/keys.ts';
import { requestErrors } from '../errors.ts';
import type { SealedStore } from '../ports/sealed-store.ts';
import type { ListedVariable, StoredVariable, VariableStore } from '../ports/variable-store.ts';
import { type SecretKey, type SecretKeys, unseal } from '../secrets/sealing.ts';
import { checkVariable, checkVariableName } from './names.ts';
import { createSealer, placeOfVariable } from './sealer.ts';

/** The variable in which clients of Scrapy Cloud look for a key. */
export const API_KEY_VARIABLE = 'SH_APIKEY';

/** Variables that are ready for a program. */
export interface Variables {
  values: Record<string, string>;
  /** Names of those that nobody may see. */
  secrets: readonly string[];
}

export const NO_VARIABLES: Variables = { values: {}, secrets: [] };

export interface VariableWords {
  /** Variables that everybody in the project may see. */
  set?: ReadonlyMap<string, string>;
  /** Variables whose values nobody reads again but the project's crawls. */
  secret?: ReadonlyMap<string, string>;
  remove?: readonly string[];
}

/** Environment variables of projects and spiders: a spider's stand before its project's, a job's own before both. */
export interface ProjectVariables {
  /** All layers, without the values of secrets. Throws `not_found`. */
  list(project: number): Promise<ListedVariable[]>;
  /**
   * Changes the layer of a project, or of one spider. Throws `invalid` that names the variable, `not_found`, `too_large`,
   * and for a secret `invalid` without SECRETS_KEY and `conflict` when that is another one than before.
   */
  change(project: number, spider: string | null, words: VariableWords, by: Actor): Promise<void>;
  /**
   * Makes a key of the project and stores it as the secret SH_APIKEY of the layer. It is revoked when the variable is
   * set again or removed.
   */
  giveApiKey(project: number, spider: string | null, by: Actor): Promise<void>;
  /** What listing an egg and building its environment see: the project's layer. */
  ofProject(project: number): Promise<Variables>;
  /** What a crawl of this spider sees, without the job's own. Throws `conflict` for a secret that no key opens. */
  ofSpider(project: number, spider: number): Promise<Variables>;
}

export function createVariables(
  store: VariableStore,
  sealing: Pick<SealedStore, 'sealingKey'>,
  keysOf: SecretKeys,
): ProjectVariables {
  const save = createSealer(store, sealing, keysOf);

  async function change(
    project: number,
    spider: string | null,
    { set = new Map(), secret = new Map(), remove = [] }: VariableWords,
    more: { by: Actor; apiKey?: { name: string; hash: Buffer; hint: string } },
  ): Promise<void> {
    for (const [name, value] of set) checkVariable(name, value, false);
    for (const [name, value] of secret) checkVariable(name, value, true);
    for (const name of remove) checkVariableName(name);
    checkOnce([...set.keys(), ...secret.keys(), ...remove]);
    const number = spider === null ? 0 : await store.spiderNumber(project, spider);
    await save({ project, spider: number }, { set, secret, remove, ...more });
  }

  async function opened(project: number, spider: number): Promise<Variables> {
    // Between the two reads a rotation may have sealed them anew and put the old key away.
    return readAndOpen(project, spider).catch(() => readAndOpen(project, spider));
  }

  async function readAndOpen(project: number, spider: number): Promise<Variables> {
    const stored = await store.layers(project, spider);
    const keys = stored.some(({ sealed }) => sealed !== null) ? await keysOf() : [];
    // The spider's last, so that they count.
    const inOrder = stored.toSorted((a, b) => a.spider - b.spider);
    const values = Object.fromEntries(inOrder.map((one) => [one.name, textOf(one, keys)]));
    const secrets = inOrder.filter(({ sealed }) => sealed !== null).map(({ name }) => name);
    return { values, secrets: [...new Set(secrets)] };
  }

  return {
    list: (project) => store.list(project),
    change: (project, spider, words, by) => change(project, spider, words, { by }),
    async giveApiKey(project, spider, by) {
      const key = newApiKey();
      const apiKey = { name: API_KEY_VARIABLE, hash: hashApiKey(key), hint: keyHint(key) };
      await change(project, spider, { secret: new Map([[API_KEY_VARIABLE, key]]) }, { by, apiKey });
    },
    ofProject: (project) => opened(project, 0),
    ofSpider: opened,
  };
}

function checkOnce(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw requestErrors.invalid(twice, 'is named twice');
}

function textOf(variable: StoredVariable, keys: readonly SecretKey[]): string {
  return variable.sealed === null ? variable.value : unseal(keys, placeOfVariable(variable), variable.sealed);
}
