import {
  type AttemptStore,
  isRefused,
  type JobCounts,
  type StopLevel,
  type WorkerInfo,
} from '@spiderhub/core';
import { createPulse, type Logger, monotonicMs, type Service } from '@spiderhub/platform';
import { within } from '../within.ts';

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
  /** True when Postgres answered a life sign within the last lease. */
  isWell(): boolean;
  /** Beats now: a stop was signalled. */
  soon(): void;
}

export interface HeartbeatOptions {
  attempts: AttemptStore;
  worker: WorkerInfo;
  leaseMs: number;
  log: Logger;
}

/** The crawl dies this much before its lease ends, as a share of the lease: the reaper never meets a live one. */
const MARGIN = 1 / 6;
const BEATS_PER_LEASE = 6;
/**
 * While Postgres refuses everybody, crawls live on for this share of a lease from the last refusal. The leases in the
 * database end later than that: the last confirmed beat is at most a sixth of a lease older than the break, and after a
 * break of more than a third the reaper waits for a whole lease.
 */
const REFUSED = 1 / 3;
/** A worker that was silent for this long may have been forgotten, ms. */
const FORGOTTEN_MS = 60_000;

/** How long a crawl may live from the moment at which its lease was asked for, ms. */
export function lifeOf(leaseMs: number): number {
  return leaseMs * (1 - MARGIN);
}

/** Prolongs the leases of all attempts of this process with one statement a beat. */
export function createHeartbeat({ attempts, worker, leaseMs, log }: HeartbeatOptions): Heartbeat {
  const held = new Map<number, HeldAttempt>();
  const pulse = createPulse();
  const stopping = new AbortController();
  let life: Promise<void> = Promise.resolve();
  const lifeMs = lifeOf(leaseMs);

  let heardAt = monotonicMs();

  async function beat(): Promise<void> {
    if (monotonicMs() - heardAt > FORGOTTEN_MS) await attempts.register(worker).catch(() => undefined);
    const asked = [...held.values()];
    const sentAt = monotonicMs();
    const beats = asked.map((one) => ({ id: one.id, attempt: one.attempt, counts: one.counts() }));
    try {
      const answers = new Map(
        (await attempts.heartbeat(worker.id, beats, leaseMs)).map((answer) => [answer.id, answer]),
      );
      heardAt = monotonicMs();
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
      // Refused means away for everybody, the reaper too. A time-out may mean that only we are cut off: then the
      // deadline must pass.
      if (isRefused(error)) for (const one of asked) one.confirmed(monotonicMs() + leaseMs * REFUSED);
    }
  }

  return {
    name: 'heartbeat',
    hold: (one) => void held.set(one.id, one),
    drop: (one) => {
      if (held.get(one.id) === one) held.delete(one.id);
    },
    isWell: () => monotonicMs() - heardAt < leaseMs,
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
    async stop(deadline) {
      stopping.abort();
      await life;
      // Crawls that are left to a successor get a whole lease until then.
      if (held.size > 0) await within(deadline, beat()).catch(() => undefined);
      await within(deadline, attempts.unregister(worker.id)).catch((error: unknown) =>
        log.warn({ err: error }, 'worker stays listed'),
      );
    },
  };
}
