import type { Refusals } from '../audit/refusals.ts';
import { isFromOneOf } from '../lib/networks.ts';
import { type RememberedOptions, remembered } from '../lib/remembered.ts';
import type { AccessStore } from '../ports/access-store.ts';
import type { Visitor } from './access.ts';
import { type Actor, actorOf, stranger } from './actor.ts';
import type { KeyUses } from './key-uses.ts';
import { hashApiKey, isMistyped, isRandomKey } from './keys.ts';
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

/** Where is noted what becomes of callers. */
export interface AccessNotes {
  uses?: Pick<KeyUses, 'note'>;
  refusals?: Pick<Refusals, 'note' | 'hasRoom'>;
}

/** Remembers answers of the store as long as `options` say. */
export function createKnownKeys(
  store: Pick<AccessStore, 'findKey' | 'findKeys' | 'findDeadKey'>,
  options: RememberedOptions,
  { uses, refusals }: AccessNotes,
): KnownKeys {
  const keyOf = new WeakMap<Principal, string>();
  const keys = remembered(async (key: string) => {
    const principal = await store.findKey(hashApiKey(key));
    if (principal) keyOf.set(principal, key);
    return principal;
  }, options);

  function note(actor: Actor, why: string, project: number | null = null): void {
    const ofProject = project === null ? null : { project };
    const place = actor.user === null ? ofProject : { user: actor.user };
    const object = actor.key === null ? '' : `key ${actor.key}`;
    refusals?.note({ actor, why, place, action: 'sign-in', object });
  }

  /** Whoever still uses a key that is over wants to know. What was shown is not kept. */
  async function noteUnknown(key: string, { address, client }: Visitor): Promise<void> {
    if (!refusals?.hasRoom()) return;
    const nobody = stranger(address ?? '', client);
    const dead = isMistyped(key) ? null : await store.findDeadKey(hashApiKey(key)).catch(() => null);
    // What looks otherwise may be the name of a user of Scrapyd's API.
    if (!dead) return isRandomKey(key) || isMistyped(key) ? note(nobody, 'there is no such key') : undefined;
    const { id, user, name, why, project } = dead;
    note({ ...nobody, kind: 'key', name, user, key: id }, why, project);
  }

  return {
    async authenticate(key, from) {
      const who = isMistyped(key) ? null : await keys.get(key);
      if (!who) {
        await noteUnknown(key, from);
        return null;
      }
      const networks = who.bounds?.networks ?? null;
      if (networks && !isFromOneOf(networks, from.address)) {
        note(actorOf(who, from), 'the key is not good at this address');
        return null;
      }
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
