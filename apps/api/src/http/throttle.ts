export interface ThrottleOptions {
  /** Failures in one window after which an address has to wait. */
  limit: number;
  /** The same for this machine itself. */
  loopbackLimit: number;
  windowMs?: number;
  now?: () => number;
}

/** Counts what went wrong for each address. Success costs nothing. */
export interface Throttle {
  /** Counts one failure. */
  failed(address: string): void;
  /** Seconds until the address may try again, 0 when it may now. */
  waitSeconds(address: string): number;
}

const MAX_ADDRESSES = 10_000;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

export function createThrottle({
  limit,
  loopbackLimit,
  windowMs = 60_000,
  now = Date.now,
}: ThrottleOptions): Throttle {
  const windows = new Map<string, { failures: number; endsAt: number }>();

  function current(address: string): { failures: number; endsAt: number } | undefined {
    const window = windows.get(address);
    if (window && window.endsAt <= now()) windows.delete(address);
    return windows.get(address);
  }

  return {
    failed(address) {
      const window = current(address);
      if (window) window.failures += 1;
      else {
        // Forgetting everybody once in a while is better than a map that an attacker can grow.
        if (windows.size >= MAX_ADDRESSES) windows.clear();
        windows.set(address, { failures: 1, endsAt: now() + windowMs });
      }
    },
    waitSeconds(address) {
      if (windows.size === 0) return 0;
      const window = current(address);
      if (!window || window.failures < (LOOPBACK.test(address) ? loopbackLimit : limit)) return 0;
      return Math.ceil((window.endsAt - now()) / 1000);
    },
  };
}
