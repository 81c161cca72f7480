import { LRUCache } from 'lru-cache';
import type { KeyStore, KeyUse } from '../ports/key-store.ts';
import type { Visitor } from './access.ts';

/** A key's last use is known to the minute: not each request is worth a write. */
const EVERY_MS = 60_000;
/** Uses of so long are written together, ms. */
const GATHER_MS = 1000;
const MAX_KNOWN = 10_000;
const MAX_CLIENT = 200;

/** Notes when, from where and with what keys were used last, at the cost of a write a minute and key. */
export interface KeyUses {
  /** Never fails and waits for nothing. */
  note(key: number, from: Visitor): void;
  /** Writes what was noted; for the end of a process. */
  flush(): Promise<void>;
}

/** `onError` hears of uses that could not be written; they are forgotten. */
export function createKeyUses(
  store: Pick<KeyStore, 'saveUses'>,
  onError: (error: unknown) => void = () => {},
  now: () => number = Date.now,
): KeyUses {
  const noted = new LRUCache<number, number>({ max: MAX_KNOWN });
  let waiting: KeyUse[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const uses = waiting;
    waiting = [];
    if (uses.length === 0) return;
    await store.saveUses(uses).catch(onError);
  }

  return {
    note(key, { address, client }) {
      const at = now();
      if ((noted.get(key) ?? Number.NEGATIVE_INFINITY) > at - EVERY_MS) return;
      noted.set(key, at);
      waiting.push({ key, at: new Date(at), address, client: client?.slice(0, MAX_CLIENT) ?? null });
      timer ??= setTimeout(() => void flush(), GATHER_MS).unref();
    },
    flush,
  };
}
