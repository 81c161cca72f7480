import { hash } from 'node:crypto';
import type { Cron } from '../ports/cron.ts';
import type { PeriodicPlan } from './periodic-job.ts';

type Timed = Pick<PeriodicPlan, 'cron' | 'timezone' | 'jitterSeconds' | 'startAt' | 'endAt'>;

/** A run that is so late is late, ms; a moment is lost at every change of leaders. */
const LATE_MS = 60_000;
/** Most runs that are made up for at once. */
const MAX_CATCHUP = 100;
/** Planned times of one plan that are decided in one go: to find one takes a tenth of a millisecond, and nothing else happens then. */
const MAX_TIMES = 400;
/** Planned times before that are told of in one row, ms: nobody reads half a million of them. */
const LOOK_BACK_MS = 31 * 24 * 3600_000;

/** Whether a planned time is kept, and why not. */
export interface PlannedTime {
  at: Date;
  missed: string | null;
  /** It is made up for, when it is not missed. */
  isLate: boolean;
}

/** What of a plan is due at a moment, the oldest first, and the planned time after that: it may be due, too, where there are many. */
export interface Due {
  times: PlannedTime[];
  nextAt: Date | null;
}

/** By how much a run is put off, ms: the same on every process, and in a preview. */
export function jitterMs(id: number, plannedAt: Date, jitterSeconds: number): number {
  if (jitterSeconds === 0) return 0;
  const word = hash('sha256', `${id} ${plannedAt.getTime()}`, 'buffer').readUInt32BE();
  return (word % (jitterSeconds + 1)) * 1000;
}

/** The first planned time after an instant that lies between the plan's start and its end. */
export function nextTime(plan: Timed, after: Date, cron: Cron): Date | null {
  const from = plan.startAt && plan.startAt > after ? new Date(plan.startAt.getTime() - 1) : after;
  const next = cron.next(plan.cron, plan.timezone, from);
  return next && plan.endAt && next > plan.endAt ? null : next;
}

/** The next planned times after an instant, `count` at most. */
export function nextTimes(plan: Timed, after: Date, count: number, cron: Cron): Date[] {
  const times: Date[] = [];
  for (let at: Date | null = after; at && times.length < count; ) {
    at = nextTime(plan, at, cron);
    if (at) times.push(at);
  }
  return times;
}

/**
 * What is to be done about a plan whose next planned time was `nextAt`, now. `fireAt`: when that one is due, when it is not by
 * its jitter: somebody runs it at once.
 */
export function dueTimes(
  plan: PeriodicPlan & { id: number; nextAt: Date; fireAt?: Date | undefined },
  now: Date,
  cron: Cron,
): Due {
  const planned: DueTime[] = [];
  const skipped = longAgo(plan, now, cron);
  let nextAt: Date | null = skipped?.nextAt ?? plan.nextAt;
  // Those that may be made up for are the last ones: it must be known whether so many follow.
  const most = MAX_TIMES + MAX_CATCHUP;
  let dueMs = nextAt === plan.nextAt && plan.fireAt ? plan.fireAt.getTime() : 0;
  while (nextAt && planned.length < most) {
    // A time whose own jitter is over waits for the one before it: it is not late because of that.
    if (dueMs === 0 || planned.length > 0)
      dueMs = Math.max(dueMs, nextAt.getTime() + jitterMs(plan.id, nextAt, plan.jitterSeconds));
    if (dueMs > now.getTime()) break;
    planned.push({ at: nextAt, isLate: now.getTime() - dueMs > LATE_MS });
    nextAt = nextTime(plan, nextAt, cron);
  }
  const decided = planned.length < most ? planned.length : MAX_TIMES;
  return {
    times: [...(skipped ? [skipped.time] : []), ...judged(plan, planned).slice(0, decided)],
    nextAt: planned[decided]?.at ?? nextAt,
  };
}

type DueTime = Pick<PlannedTime, 'at' | 'isLate'>;

function longAgo(plan: Timed & { nextAt: Date }, now: Date, cron: Cron) {
  const edge = new Date(now.getTime() - LOOK_BACK_MS);
  if (plan.nextAt >= edge) return null;
  const nextAt = nextTime(plan, edge, cron);
  const missed = `nobody could run it then, nor at any time until ${(nextAt ?? now).toISOString()}`;
  return { time: { at: plan.nextAt, missed, isLate: true }, nextAt };
}

function judged({ catchup }: PeriodicPlan, planned: DueTime[]): PlannedTime[] {
  const late = planned.filter(({ isLate }) => isLate);
  const kept = new Set(catchup === 'skip' ? [] : late.slice(catchup === 'one' ? -1 : -MAX_CATCHUP));
  // What is late and made up for by a later one of the same moment is one run too many.
  if (catchup === 'one' && planned.length > late.length) kept.clear();
  return planned.map((one) => ({
    ...one,
    missed: one.isLate && !kept.has(one) ? 'nobody could run it then' : null,
  }));
}
