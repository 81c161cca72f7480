import type { LeaderStore } from '@spiderhub/core';
import type { Logger, Service } from '@spiderhub/platform';
import { createPulse } from '../pulse.ts';
import { monotonicMs } from '../supervise/lease/monotonic.ts';
import { within } from '../within.ts';
import type { LeaderTask } from './task.ts';

/** How long the leader's place stays taken after its last word, ms. */
const TERM_MS = 3000;
/** How often the leader says that it is there, ms. */
const KEEP_MS = 750;
/** How often a standby looks whether the place is free: so long, and up to twice as long, ms. */
const STANDBY_MS = 500;

export interface LeaderOptions {
  store: LeaderStore;
  /** Shown in the leader's row, for people who look. */
  holder: string;
  tasks: readonly LeaderTask[];
  log: Logger;
}

export interface Leader extends Service {
  /** Runs the tasks that wake now instead of after their pause. */
  wake(): void;
}

/**
 * What exactly one process does at any time is a list of tasks, each with a period and a loop of its own: a slow one
 * holds up no other. All processes stand by for the place of the leader.
 */
export function createLeader({ store, holder, tasks, log }: LeaderOptions): Leader {
  const stopping = new AbortController();
  const pause = createPulse();
  const pulses = new Map(tasks.filter(({ wakes }) => wakes).map((task) => [task, createPulse()]));
  let life: Promise<void> = Promise.resolve();

  async function repeat(task: LeaderTask, term: number, signal: AbortSignal): Promise<void> {
    const pulse = pulses.get(task) ?? createPulse();
    while (!signal.aborted) {
      await task.run(term).catch((error: unknown) => complain(error, task.name));
      await pulse.wait(task.everyMs, signal);
    }
  }

  async function lead(term: number, untilMs: number): Promise<void> {
    log.info({ term }, 'leading');
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping.signal, lost.signal]);
    const work = Promise.all(tasks.map((task) => repeat(task, term, signal)));
    await keep(term, untilMs, signal);
    lost.abort();
    await work;
    if (stopping.signal.aborted)
      await within(AbortSignal.timeout(TERM_MS), store.leave(term)).catch(complain);
    else log.warn({ term }, 'another process may lead now');
  }

  /** Prolongs the term until that fails for as long as it lasts: by then somebody else may lead. */
  async function keep(term: number, firstUntilMs: number, signal: AbortSignal): Promise<void> {
    let untilMs = firstUntilMs;
    while (!signal.aborted && monotonicMs() < untilMs) {
      await pause.wait(Math.min(KEEP_MS, untilMs - monotonicMs()), signal);
      if (signal.aborted) return;
      const askedMs = monotonicMs();
      try {
        const patience = AbortSignal.timeout(Math.max(1, untilMs - askedMs));
        if (!(await within(patience, store.keep(term, TERM_MS)))) return;
        untilMs = askedMs + TERM_MS;
      } catch (error) {
        complain(error);
      }
    }
  }

  function complain(error: unknown, task?: string): void {
    log.warn({ err: error, task }, 'dispatch is waiting for its servers');
  }

  async function live(): Promise<void> {
    while (!stopping.signal.aborted) {
      const askedMs = monotonicMs();
      const term = await store.lead(holder, TERM_MS).catch((error: unknown) => {
        complain(error);
        return null;
      });
      if (term === null) await pause.wait(STANDBY_MS * (1 + Math.random()), stopping.signal);
      else await lead(term, askedMs + TERM_MS);
    }
  }

  return {
    name: 'leader',
    wake() {
      for (const pulse of pulses.values()) pulse.beat();
    },
    async start() {
      life = live();
    },
    async stop() {
      stopping.abort();
      await life;
    },
  };
}
