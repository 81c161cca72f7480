import type { CrawlLimits, StopReason } from '@spiderhub/core';

/** What a running crawl has done so far. */
export interface Usage {
  items: number;
  /** Bytes of all records. */
  bytes: number;
}

/** Ends a crawl that goes on for too long, says nothing any more, or writes too much. */
export interface Watchdog {
  /** Records came. */
  seen(usage: Usage): void;
  over(): void;
}

export interface WatchdogOptions {
  limits: CrawlLimits;
  /** When the attempt started: it may have been taken over. */
  startedAt: Date;
  stop: (reason: NonNullable<StopReason>) => void;
}

/** Longest delay that a timer of Node's takes, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createWatchdog({ limits, startedAt, stop }: WatchdogOptions): Watchdog {
  const runTimer = timer(
    limits.runtimeMs,
    limits.runtimeMs && startedAt.getTime() + limits.runtimeMs - Date.now(),
  );
  const silenceTimer = timer(limits.stalledMs, limits.stalledMs, 'stalled');

  function timer(
    limit: number | null,
    delayMs: number | null,
    reason: 'time_limit' | 'stalled' = 'time_limit',
  ) {
    if (limit === null || delayMs === null || delayMs > MAX_TIMER_MS) return null;
    return setTimeout(() => stop(reason), Math.max(0, delayMs));
  }

  return {
    seen({ items, bytes }) {
      silenceTimer?.refresh();
      const tooMany = limits.maxItems !== null && items > limits.maxItems;
      const tooMuch = limits.maxBytes !== null && bytes > limits.maxBytes;
      if (tooMany || tooMuch) stop('quota');
    },
    over() {
      if (runTimer) clearTimeout(runTimer);
      if (silenceTimer) clearTimeout(silenceTimer);
    },
  };
}
