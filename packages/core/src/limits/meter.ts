import { LRUCache } from 'lru-cache';
import type { UsageCounts } from '../ports/usage-counts.ts';

/** How many requests may come: so many a second, counted over a window of so many seconds. */
export interface Rate {
  perSecond: number;
  windowSeconds: number;
}

/** Counts requests by name. */
export interface Meter {
  /** Counts one. Seconds until the next one may come when this one is too many, else 0. Never waits. */
  take(name: string, rate: Rate): number;
  /** Requests of the present window, as far as this process knows. */
  used(name: string, rate: Rate): number;
}

interface Window {
  /** Of all processes, as far as known here. */
  used: number;
  /** Of `used`: what the others have not been told of. */
  untold: number;
  endsAt: number;
  isTelling: boolean;
  toldAt: number;
}

/** Who came longest ago makes room. */
const MAX_NAMES = 10_000;
/** Up to so many requests in a window each is told of at once: there are few, and one more would be many. */
const FEW = 500;
/** Otherwise they are told of together, after this pause, ms. */
const PAUSE_MS = 20;

/**
 * Windows that are counted here and told of to all processes, some at a time. No request waits for that, so together the
 * processes may let some more pass than allowed: those that come while one tells the others.
 */
export function createMeter(shared: UsageCounts | null, now: () => number = Date.now): Meter {
  const windows = new LRUCache<string, Window>({ max: MAX_NAMES });

  function windowOf(name: string, seconds: number): Window {
    const found = windows.get(name);
    const endsAt = now() + seconds * 1000;
    if (!found) {
      const made = { used: 0, untold: 0, endsAt, isTelling: false, toldAt: 0 };
      windows.set(name, made);
      return made;
    }
    // A window that is longer than it may be is one that a change of the rate left behind.
    if (found.endsAt <= now() || found.endsAt > endsAt) Object.assign(found, { used: 0, untold: 0, endsAt });
    return found;
  }

  async function tell(name: string, window: Window, rate: Rate, to: UsageCounts): Promise<void> {
    window.isTelling = true;
    window.toldAt = now();
    const n = window.untold;
    window.untold = 0;
    try {
      const { used, endsInMs } = await to.add(name, n, rate.windowSeconds);
      window.used = used + window.untold;
      window.endsAt = now() + endsInMs;
    } catch {
      // Then what this process has counted has to do.
    }
    window.isTelling = false;
    if (window.untold > 0) tellSoon(name, window, rate);
  }

  function tellSoon(name: string, window: Window, rate: Rate): void {
    if (!shared || window.isTelling) return;
    const pause = rate.perSecond * rate.windowSeconds <= FEW ? 0 : window.toldAt + PAUSE_MS - now();
    if (pause <= 0) return void tell(name, window, rate, shared);
    window.isTelling = true;
    setTimeout(() => void tell(name, window, rate, shared), pause).unref();
  }

  return {
    take(name, rate) {
      const key = `${name}:${rate.windowSeconds}`;
      const window = windowOf(key, rate.windowSeconds);
      if (window.used >= rate.perSecond * rate.windowSeconds) {
        return Math.max(1, Math.ceil((window.endsAt - now()) / 1000));
      }
      window.used += 1;
      window.untold += 1;
      tellSoon(key, window, rate);
      return 0;
    },
    used: (name, { windowSeconds }) => windowOf(`${name}:${windowSeconds}`, windowSeconds).used,
  };
}
