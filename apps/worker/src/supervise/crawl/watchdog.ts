import type { CrawlLimits, StopReason } from '@spiderhub/core';

/** What a running crawl has done so far. */
export interface Usage {
  items: number;
  logs: number;
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
    if (limit === null || delayMs === null) return null;
    return createLongTimer(() => stop(reason), Math.max(0, delayMs));
  }

  return {
    seen({ items, logs, bytes }) {
      silenceTimer?.refresh();
      const tooMany = limits.maxItems !== null && items > limits.maxItems;
      const tooLoud = limits.maxLogs !== null && logs > limits.maxLogs;
      const tooMuch = limits.maxBytes !== null && bytes > limits.maxBytes;
      if (tooMany || tooLoud || tooMuch) stop('quota');
    },
    over() {
      runTimer?.clear();
      silenceTimer?.clear();
    },
  };
}

/** A timer of any length: a crawl may be allowed a year. */
function createLongTimer(act: () => void, delayMs: number) {
  let until = performance.now() + delayMs;
  let timer = arm();

  function arm(): NodeJS.Timeout {
    return setTimeout(look, Math.min(Math.max(0, until - performance.now()), MAX_TIMER_MS));
  }

  function look(): void {
    if (performance.now() >= until) act();
    else timer = arm();
  }

  return {
    refresh() {
      until = performance.now() + delayMs;
    },
    clear: () => clearTimeout(timer),
  };
}
