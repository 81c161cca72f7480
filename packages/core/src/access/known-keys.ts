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
  /** Whom keys stand for at this moment, wherever they come from; those that are good. */
  all(keys: readonly string[]): Promise<Map<string, Principal>>;
  /** Who that is at this moment, when what was remembered is not enough. */
  today(who: Principal): Promise<Principal>;
}

/** Remembers answers of the store as long as `options` say. */
export function createKnownKeys(
  store: Pick<AccessStore, 'findKey' | 'findKeys'>,
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
    async all(asked) {
      const found = await store.findKeys(asked.map(hashApiKey));
      return new Map(
        asked.flatMap((key, at) => {
          const who = found[at];
          return who ? [[key, who] as const] : [];
        }),
      );
    },
    async today(who) {
      const key = keyOf.get(who);
      return (key === undefined ? null : await keys.anew(key)) ?? who;
    },
  };
}
