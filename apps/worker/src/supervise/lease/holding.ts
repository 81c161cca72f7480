import type { JobCounts, JobDetails, RunningCrawl, StopReason } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { createStopper, type StopPolicy, type Stopper } from '../crawl/stopper.ts';
import type { HeldAttempt } from '../heartbeat.ts';

/** An attempt in this worker's hands: what reaches it from outside, before and after its crawl exists. */
export interface Holding extends HeldAttempt {
  /** From now on stops and leases reach this crawl; what came earlier is made up for. */
  attach(crawl: RunningCrawl): void;
  countWith(counts: () => JobCounts): void;
  shutDown(graceMs: number): void;
  /** Asks the crawl to end for a reason of our own. */
  stop(reason: NonNullable<StopReason>): void;
  /** Ends it at once. */
  kill(reason: NonNullable<StopReason>): void;
  /** Ends a crawl that has said its last word. */
  hurry(): void;
  readonly isFenced: boolean;
  /** The crawl may live until then at the moment, on the monotonic clock, ms. */
  readonly liveUntilMs: number;
  /** From now on a successor is to look after the crawl: nothing is written about it here any more. */
  leave(): void;
  readonly isLeft: boolean;
  readonly stopReason: StopReason;
  readonly killed: boolean;
  over(): void;
}

export function holdAttempt(job: JobDetails, policy: StopPolicy, log: Logger): Holding {
  let counts = () => job.counts;
  let stopper: Stopper | null = null;
  let crawl: RunningCrawl | null = null;
  let isFenced = false;
  let isLeft = false;
  let liveUntilMs = 0;
  let early: ((stopper: Stopper) => void) | null = null;

  function extend(): void {
    crawl
      ?.extend(liveUntilMs)
      .catch((error: unknown) => log.warn({ err: error }, 'deadline could not be moved'));
  }

  function whenAttached(act: (stopper: Stopper) => void): void {
    if (stopper) act(stopper);
    else early ??= act;
  }

  return {
    id: job.id,
    attempt: job.attempt,
    counts: () => counts(),
    countWith(count) {
      counts = count;
    },
    attach(started) {
      crawl = started;
      stopper = createStopper(started, policy, (error) =>
        log.warn({ err: error }, 'crawl could not be signalled'),
      );
      early?.(stopper);
      extend();
    },
    confirmed(untilMs) {
      if (untilMs <= liveUntilMs) return;
      liveUntilMs = untilMs;
      extend();
    },
    stopRequested: (level) => whenAttached((it) => it.cancel(level)),
    shutDown: (graceMs) => whenAttached((it) => it.stop('shutdown', graceMs)),
    stop: (reason) => whenAttached((it) => it.stop(reason)),
    kill: (reason) => whenAttached((it) => it.kill(reason)),
    hurry: () => whenAttached((it) => it.hurry()),
    fenced() {
      if (isFenced) return;
      isFenced = true;
      log.warn('attempt was fenced');
      whenAttached((it) => it.kill('lost'));
    },
    get isFenced() {
      return isFenced;
    },
    get liveUntilMs() {
      return liveUntilMs;
    },
    leave() {
      isLeft = true;
      stopper?.over();
    },
    get isLeft() {
      return isLeft;
    },
    get stopReason() {
      return stopper?.reason ?? null;
    },
    get killed() {
      return stopper?.killed ?? false;
    },
    over: () => stopper?.over(),
  };
}
