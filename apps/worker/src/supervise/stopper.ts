import type { RunningCrawl, StopReason } from '@spiderhub/core';

export interface StopPolicy {
  /** From the polite request to the kill, ms. Half-way a second request makes Scrapy stop uncleanly. */
  graceMs: number;
}

/** Ends one crawl: politely, then firmly, then for sure. The first reason counts. */
export interface Stopper {
  stop(reason: NonNullable<StopReason>, graceMs?: number): void;
  /** At once, without a word to the crawl. */
  kill(reason: NonNullable<StopReason>): void;
  readonly reason: StopReason;
  readonly killed: boolean;
  /** The crawl is over: timers end. */
  over(): void;
}

export function createStopper(
  crawl: RunningCrawl,
  policy: StopPolicy,
  onError: (error: unknown) => void,
): Stopper {
  const timers: NodeJS.Timeout[] = [];
  let reason: StopReason = null;
  let killed = false;

  function kill(): void {
    killed = true;
    crawl.kill().catch(onError);
  }

  return {
    stop(why, graceMs = policy.graceMs) {
      if (reason !== null) return;
      reason = why;
      crawl.stop().catch(onError);
      timers.push(setTimeout(() => crawl.stop().catch(onError), graceMs / 2));
      timers.push(setTimeout(kill, graceMs));
    },
    kill(why) {
      reason ??= why;
      kill();
    },
    get reason() {
      return reason;
    },
    get killed() {
      return killed;
    },
    over() {
      timers.forEach(clearTimeout);
    },
  };
}
