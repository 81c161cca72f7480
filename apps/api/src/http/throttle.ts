import type { FailureCounts } from '@spiderhub/core';
import { LRUCache } from 'lru-cache';

export interface ThrottleOptions {
  /** Failures in one window after which an address has to wait. */
  limit: number;
  /** The same for this machine itself. */
  loopbackLimit: number;
  windowMs?: number;
  /** Where all processes count together. While it is away, or without it, each counts for itself. */
  shared?: FailureCounts | undefined;
  now?: () => number;
}

/** Counts what went wrong for each address. Success costs nothing. */
export interface Throttle {
  /** Counts one failure. */
  failed(address: string): Promise<void>;
  /** Seconds until the address may try again, 0 when it may now. */
  waitSeconds(address: string): Promise<number>;
}

interface Window {
  failures: number;
  /** Ms, as `now` counts. */
  endsAt: number;
}

/** Who failed longest ago makes room: a row of addresses must not fill the memory. */
const MAX_ADDRESSES = 10_000;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

export function createThrottle({
  limit,
  loopbackLimit,
  windowMs = 60_000,
  shared,
  now = Date.now,
}: ThrottleOptions): Throttle {
  const windows = new LRUCache<string, Window>({ max: MAX_ADDRESSES });

  function current(address: string): Window {
    const window = windows.get(address);
    return window && window.endsAt > now() ? window : { failures: 0, endsAt: now() + windowMs };
  }

  /** Takes over what all processes have counted. Nothing that is known here is forgotten for it. */
  async function learn(address: string, asked: ReturnType<FailureCounts['get']> | undefined): Promise<void> {
    try {
      const count = await asked;
      if (!count || count.failures <= current(address).failures) return;
      windows.set(address, { failures: count.failures, endsAt: now() + count.endsInMs });
    } catch {
      // Then the failures that this process saw have to do.
    }
  }

  function waitOf(address: string): number {
    const { failures, endsAt } = current(address);
    const isOver = failures >= (LOOPBACK.test(address) ? loopbackLimit : limit);
    return isOver ? Math.ceil((endsAt - now()) / 1000) : 0;
  }

  return {
    async failed(address) {
      const { failures, endsAt } = current(address);
      windows.set(address, { failures: failures + 1, endsAt });
      await learn(address, shared?.add(address, windowMs));
    },
    async waitSeconds(address) {
      const known = waitOf(address);
      if (known > 0 || !shared) return known;
      await learn(address, shared.get(address));
      return waitOf(address);
    },
  };
}
