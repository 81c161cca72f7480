import { isFromOneOf } from '../lib/networks.ts';
import { type RememberedOptions, remembered } from '../lib/remembered.ts';
import type { AccessStore } from '../ports/access-store.ts';
import type { Visitor } from './access.ts';
import type { KeyUses } from './key-uses.ts';
import { hashApiKey, isMistyped } from './keys.ts';
import type { Principal } from './principal.ts';

/** Keys, and whom they stand for. */
export interface KnownKeys {
  /** See Access.authenticate. */
  authenticate(key: string, from: Visitor): Promise<Principal | null>;
  /** Whom a key stands for at this moment, wherever it comes from. */
  anew(key: string): Promise<Principal | null>;
  /** Who that is at this moment, when what was remembered is not enough. */
  today(who: Principal): Promise<Principal>;
}

/** Remembers answers of the store as long as `options` say. */
export function createKnownKeys(
  store: Pick<AccessStore, 'findKey'>,
  options: RememberedOptions,
  uses?: Pick<KeyUses, 'note'>,
): KnownKeys {
  const keyOf = new WeakMap<Principal, string>();
  const keys = remembered(async (key: string) => {
    const principal = await store.findKey(hashApiKey(key));
    if (principal) keyOf.set(principal, key);
    return principal;
  }, options);

  return {
    async authenticate(key, from) {
      const who = isMistyped(key) ? null : await keys.get(key);
      if (!who) return null;
      const networks = who.bounds?.networks ?? null;
      if (networks && !isFromOneOf(networks, from.address)) return null;
      if (who.shown && 'key' in who.shown) uses?.note(who.shown.key, from);
      return who;
    },
    anew: keys.anew,
    async today(who) {
      const key = keyOf.get(who);
      return (key === undefined ? null : await keys.anew(key)) ?? who;
    },
  };
}
