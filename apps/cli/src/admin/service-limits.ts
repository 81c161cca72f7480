import {
  COMMAND,
  LIMIT_NAMES,
  type LimitName,
  type LimitOverview,
  limitOverview,
  type Place,
  ServiceLimitChange,
} from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { repeated } from './options.ts';
import type { AdminStores } from './stores.ts';

/** `--limit NAME=NUMBER`, as often as wanted. */
export const SERVICE_LIMITS = { limit: repeated('NAME=NUMBER|none|default', readLimit) };

type LimitWord = [LimitName, number | null | 'default'];

function readLimit(flag: string, text: string): LimitWord {
  const [name, word = ''] = text.split('=', 2);
  const known = LIMIT_NAMES.find((one) => one === name);
  if (!known) throw new UserError(`${flag}: expected NAME=NUMBER, with one of ${LIMIT_NAMES.join(', ')}`);
  const value = word === 'none' ? null : word === 'default' ? word : Number(word === '' ? Number.NaN : word);
  const checked = ServiceLimitChange.safeParse({ [known]: value });
  if (!checked.success)
    throw new UserError(`${flag}: ${known}: ${checked.error.issues[0]?.message ?? 'is wrong'}`);
  return [known, value];
}

/** Sets what was named, and says what holds then. */
export async function setLimits(
  { serviceLimits }: AdminStores,
  place: Place,
  words: readonly LimitWord[],
): Promise<LimitOverview['limits']> {
  const { store, defaults } = serviceLimits;
  if (words.length > 0) await store.change(COMMAND, place, Object.fromEntries(words));
  return (await limitOverview(store, defaults, place)).limits;
}
