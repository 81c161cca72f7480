import type { JobCounts, JobDetails, RunningCrawl, StopLevel, StopReason } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { createStopper, type StopPolicy, type Stopper } from '../crawl/stopper.ts';
import type { HeldAttempt } from '../heartbeat.ts';

/** An attempt in this worker's hands: what reaches it from outside, before and after its crawl exists. */
export class Holding implements HeldAttempt {
  readonly id: number;
  readonly attempt: number;
  readonly #policy: StopPolicy;
  readonly #log: Logger;
  #counts: () => JobCounts;
  #crawl: RunningCrawl | null = null;
  #stopper: Stopper | null = null;
  /** The first thing that was to happen to a crawl that did not exist yet. */
  #early: ((stopper: Stopper) => void) | null = null;
  #isFenced = false;
  #isLeft = false;
  #liveUntilMs = 0;

  constructor(job: JobDetails, policy: StopPolicy, log: Logger) {
    this.id = job.id;
    this.attempt = job.attempt;
    this.#policy = policy;
    this.#log = log;
    this.#counts = () => job.counts;
  }

  /** From now on stops and leases reach this crawl; what came earlier is made up for. */
  attach(crawl: RunningCrawl): void {
    this.#crawl = crawl;
    this.#stopper = createStopper(crawl, this.#policy, (error) =>
      this.#log.warn({ err: error }, 'crawl could not be signalled'),
    );
    this.#early?.(this.#stopper);
    this.#extend();
  }

  counts(): JobCounts {
    return this.#counts();
  }

  countWith(counts: () => JobCounts): void {
    this.#counts = counts;
  }

  confirmed(untilMs: number): void {
    if (untilMs <= this.#liveUntilMs) return;
    this.#liveUntilMs = untilMs;
    this.#extend();
  }

  stopRequested(level: StopLevel): void {
    this.#whenAttached((it) => it.cancel(level));
  }

  shutDown(graceMs: number): void {
    this.#whenAttached((it) => it.stop('shutdown', graceMs));
  }

  /** Asks the crawl to end for a reason of our own. */
  stop(reason: NonNullable<StopReason>): void {
    this.#whenAttached((it) => it.stop(reason));
  }

  /** Ends it at once. */
  kill(reason: NonNullable<StopReason>): void {
    this.#whenAttached((it) => it.kill(reason));
  }

  /** Ends a crawl that has said its last word. */
  hurry(): void {
    this.#whenAttached((it) => it.hurry());
  }

  fenced(): void {
    if (this.#isFenced) return;
    this.#isFenced = true;
    this.#log.warn('attempt was fenced');
    this.kill('lost');
  }

  /** From now on a successor is to look after the crawl: nothing is written about it here any more. */
  leave(): void {
    this.#isLeft = true;
    this.over();
  }

  /** The crawl has ended: nothing is done to it any more. */
  over(): void {
    this.#stopper?.over();
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** The crawl may live until then at the moment, on the monotonic clock, ms. */
  get liveUntilMs(): number {
    return this.#liveUntilMs;
  }

  get stopReason(): StopReason {
    return this.#stopper?.reason ?? null;
  }

  get killed(): boolean {
    return this.#stopper?.killed ?? false;
  }

  #extend(): void {
    this.#crawl
      ?.extend(this.#liveUntilMs)
      .catch((error: unknown) => this.#log.warn({ err: error }, 'deadline could not be moved'));
  }

  #whenAttached(act: (stopper: Stopper) => void): void {
    if (this.#stopper) act(this.#stopper);
    else this.#early ??= act;
  }
}
