import { within } from '../within.ts';

/** What a worker does at the moment, by job. */
export class WorkInHand {
  readonly #working = new Set<Promise<void>>();
  /** How often each job is in work: an attempt may still be ending here when its job's next one begins. */
  readonly #jobs = new Map<number, number>();

  has(job: number): boolean {
    return this.#jobs.has(job);
  }

  isEmpty(): boolean {
    return this.#working.size === 0;
  }

  /** Remembers `work` until it is over, and gives what it gives. */
  track(job: number, work: () => Promise<void>): Promise<void> {
    this.#jobs.set(job, (this.#jobs.get(job) ?? 0) + 1);
    const promise = work().finally(() => {
      const left = (this.#jobs.get(job) ?? 0) - 1;
      if (left > 0) this.#jobs.set(job, left);
      else this.#jobs.delete(job);
      this.#working.delete(promise);
    });
    this.#working.add(promise);
    return promise;
  }

  /** Resolves when nothing is in work, or at the signal. */
  async idle(signal: AbortSignal): Promise<void> {
    while (!this.isEmpty() && !signal.aborted)
      await within(signal, Promise.allSettled(this.#working)).catch(() => undefined);
  }
}
