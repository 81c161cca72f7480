import type { AttemptStore, JobCounts, StopLevel } from '@spiderhub/core';
import { isDatabaseDown } from '@spiderhub/db';
import type { Logger, Service } from '@spiderhub/platform';
import { createPulse } from '../pulse.ts';
import { monotonicMs } from './monotonic.ts';

/** One attempt that this worker holds. */
export interface HeldAttempt {
  readonly id: number;
  readonly attempt: number;
  counts(): JobCounts;
  /** The lease was prolonged: the crawl may live until this moment of the monotonic clock, ms. */
  confirmed(untilMs: number): void;
  /** Somebody asked for the job's end, perhaps harder than before. Called again with every beat until it ended. */
  stopRequested(level: StopLevel): void;
  /** The attempt is not ours any more: nothing of it may go on. */
  fenced(): void;
}

export interface Heartbeat extends Service {
  hold(held: HeldAttempt): void;
  drop(held: HeldAttempt): void;
  /** Beats now: a stop was signalled. */
  soon(): void;
}

export interface HeartbeatOptions {
  attempts: AttemptStore;
  worker: { id: string; host: string; slots: number };
  leaseMs: number;
  log: Logger;
}

/** The crawl dies this much before its lease ends, as a share of the lease: the reaper never meets a live one. */
const MARGIN = 1 / 6;
const BEATS_PER_LEASE = 6;

/** Prolongs the leases of all attempts of this process with one statement a beat. */
export function createHeartbeat({ attempts, worker, leaseMs, log }: HeartbeatOptions): Heartbeat {
  const held = new Map<number, HeldAttempt>();
  const pulse = createPulse();
  const stopping = new AbortController();
  let life: Promise<void> = Promise.resolve();
  const lifeMs = leaseMs * (1 - MARGIN);

  async function beat(): Promise<void> {
    const asked = [...held.values()];
    const sentAt = monotonicMs();
    const beats = asked.map((one) => ({ id: one.id, attempt: one.attempt, counts: one.counts() }));
    try {
      const answers = new Map(
        (await attempts.heartbeat(worker.id, beats, leaseMs)).map((answer) => [answer.id, answer]),
      );
      for (const one of asked) {
        const answer = answers.get(one.id);
        if (answer === undefined) {
          if (held.get(one.id) === one) one.fenced();
        } else {
          one.confirmed(sentAt + lifeMs);
          if (answer.stopRequested) one.stopRequested(answer.stopLevel);
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'heartbeat failed');
      // Refused means away for everybody, the reaper too, and it waits a lease after a restart. A time-out may mean
      // that only we are cut off: then the deadline must pass.
      if (isDatabaseDown(error)) for (const one of asked) one.confirmed(monotonicMs() + lifeMs);
    }
  }

  return {
    name: 'heartbeat',
    hold: (one) => void held.set(one.id, one),
    drop: (one) => {
      if (held.get(one.id) === one) held.delete(one.id);
    },
    soon: () => pulse.beat(),
    async start() {
      await attempts.register(worker);
      life = (async () => {
        while (!stopping.signal.aborted) {
          await pulse.wait(leaseMs / BEATS_PER_LEASE, stopping.signal);
          await beat();
        }
      })();
    },
    async stop() {
      stopping.abort();
      await life;
      await attempts
        .unregister(worker.id)
        .catch((error: unknown) => log.warn({ err: error }, 'worker stays listed'));
    },
  };
}
