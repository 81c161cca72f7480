import type { LeaderStore } from '@spiderhub/core';
import { createPulse, type Logger, monotonicMs, type Service } from '@spiderhub/platform';
import { within } from '../within.ts';
import type { LeaderTask } from './task.ts';

/**
 * How long the leader's place stays taken after its last word, ms: so soon somebody else leads when it dies. A pause as
 * long as that costs a change of hands, and nothing else.
 */
const TERM_MS = 900;
/** How often the leader says that it is there, ms. */
const KEEP_MS = 250;
/** Standbys ask when the present term ends; they need not all ask at the same moment, ms. */
const JITTER_MS = 50;
/** Pause after a question that got no answer, ms. */
const RETRY_MS = 500;
/** How long the end of the last term may take to be told, ms. */
const LEAVE_MS = 2000;

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
      await within(AbortSignal.timeout(LEAVE_MS), store.leave(term)).catch(complain);
    else log.info({ term }, 'another process may lead now');
  }

  /** Prolongs the term until that fails for as long as it lasts: by then somebody else may lead. */
  async function keep(term: number, firstUntilMs: number, signal: AbortSignal): Promise<void> {
    let untilMs = firstUntilMs;
    while (!signal.aborted && monotonicMs() < untilMs) {
      await pause.wait(Math.min(KEEP_MS, untilMs - monotonicMs()), signal);
      if (signal.aborted) return;
      const askedMs = monotonicMs();
      try {
        const patience = AbortSignal.timeout(Math.max(1, Math.floor(untilMs - askedMs)));
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
      const place = await store.lead(holder, TERM_MS).catch((error: unknown) => {
        complain(error);
        return { freeInMs: RETRY_MS };
      });
      if ('term' in place) await lead(place.term, askedMs + TERM_MS);
      else await pause.wait(place.freeInMs + Math.random() * JITTER_MS, stopping.signal);
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
