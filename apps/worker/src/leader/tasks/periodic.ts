import { setTimeout as pause } from 'node:timers/promises';
import {
  type Decide,
  decide,
  nextTime,
  type PendingWatch,
  type PeriodicStore,
  type Rules,
  type Signals,
} from '@spiderhub/core';
import type { LeaderTask } from '../task.ts';
import type { Chore } from './chores.ts';

const LOOK_MS = 1000;
/** Periodic jobs that one transaction fires: a commit is dear, and neither locks nor their turn of the event loop must last. */
const BATCH = 100;
/** Between two batches there is a pause as long as the batch took, ms at most: jobs of all others are admitted meanwhile. */
const MOST_REST_MS = 40;
const DAY_MS = 24 * 3600_000;
const RUNS_MS = 90 * DAY_MS;
const RUNS_KEPT = 1000;
const ROWS = 500;

export interface PeriodicParts {
  store: PeriodicStore;
  rules: Rules;
  signals: Signals;
  /** How many jobs may wait. */
  pending: PendingWatch;
}

/** Starts the jobs of periodic jobs that are due. */
export function firePeriodicJobs({ store, rules, signals, pending }: PeriodicParts): LeaderTask {
  const decision: Decide = (job, active, now) => decide(job, active, now, rules);
  return {
    name: 'periodic jobs',
    everyMs: LOOK_MS,
    async run() {
      for (let runs = 1; runs > 0; ) {
        const from = performance.now();
        const fired = await store.fireDue(BATCH, decision, pending);
        const workers = fired.stopped.flatMap(({ worker }) => worker ?? []);
        for (const worker of new Set(workers)) signals.stopRequested(worker);
        if (fired.scheduled > 0) signals.wakeLeader();
        runs = fired.runs;
        if (runs > 0) await pause(Math.min(MOST_REST_MS, performance.now() - from));
      }
    },
  };
}

/** Old rows go, and when the rules of time zones change so do planned times. */
export function keepCalendar({ store, rules: { cron } }: Pick<PeriodicParts, 'store' | 'rules'>): Chore[] {
  return [
    {
      name: 'work out planned times by new rules of time zones',
      idleMs: DAY_MS,
      async run() {
        const jobs = await store.ofOtherZoneRules(cron.zoneRules, ROWS);
        const now = new Date();
        for (const job of jobs) await store.setNext(job, nextTime(job, now, cron), cron.zoneRules);
        return { done: jobs.length, more: jobs.length >= ROWS };
      },
    },
    {
      name: 'remove old runs of periodic jobs',
      idleMs: DAY_MS / 24,
      async run() {
        const done = await store.removeRuns(RUNS_MS, RUNS_KEPT, ROWS);
        return { done, more: done >= ROWS };
      },
    },
  ];
}
