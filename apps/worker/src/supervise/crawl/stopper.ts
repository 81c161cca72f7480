import type { RunningCrawl, StopLevel, StopReason } from '@spiderhub/core';

export interface StopPolicy {
  /** From the polite request to the kill, ms. Half-way a second request makes Scrapy stop uncleanly. */
  graceMs: number;
}

/** Ends one crawl: politely, then firmly, then for sure. The first reason counts. */
export interface Stopper {
  stop(reason: NonNullable<StopReason>, graceMs?: number): void;
  /** Stops as hard as the caller asked. Each level is acted on once, however often it is repeated. */
  cancel(level: StopLevel): void;
  /** At once, without a word to the crawl. */
  kill(reason: NonNullable<StopReason>): void;
  /** At once, because it has said its last word and does not end: what it said stands. */
  hurry(): void;
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
  let level: StopLevel = 0;
  let asking = Promise.resolve();

  function kill(): void {
    killed = true;
    crawl.kill(reason ?? undefined).catch(onError);
  }

  /** One request after the other: the crawl counts them. */
  function ask(): void {
    asking = asking.then(() => crawl.stop(reason ?? undefined)).catch(onError);
  }

  function stop(why: NonNullable<StopReason>, graceMs = policy.graceMs): void {
    if (reason !== null) return;
    reason = why;
    ask();
    timers.push(setTimeout(ask, graceMs / 2));
    timers.push(setTimeout(kill, graceMs));
  }

  return {
    stop,
    cancel(asked) {
      if (asked <= level) return;
      level = asked;
      if (asked < 3) stop('cancelled');
      // Not `kill`: that one is for crawls that did not end in time, and their outcome says so.
      else crawl.kill(reason ?? 'cancelled').catch(onError);
      reason ??= 'cancelled';
      if (asked === 2) ask();
    },
    kill(why) {
      reason ??= why;
      kill();
    },
    hurry() {
      if (reason === null) kill();
      else crawl.kill().catch(onError);
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
