import { hash } from 'node:crypto';
import type { Cron } from '../ports/cron.ts';
import type { PeriodicPlan } from './periodic-job.ts';

type Timed = Pick<PeriodicPlan, 'cron' | 'timezone' | 'jitterSeconds' | 'startAt' | 'endAt'>;

/** A run that is so late is late, ms; a moment is lost at every change of leaders. */
const LATE_MS = 60_000;
/** Most runs that are made up for at once. */
const MAX_CATCHUP = 100;
/** Planned times before that are told of in one row, ms: nobody reads half a million of them. */
const LOOK_BACK_MS = 31 * 24 * 3600_000;

/** Whether a planned time is kept, and why not. */
export interface PlannedTime {
  at: Date;
  missed: string | null;
}

/** What of a plan is due at a moment, the oldest first, and the planned time after that. */
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
  for (let at = nextTime(plan, after, cron); at && times.length < count; at = nextTime(plan, at, cron))
    times.push(at);
  return times;
}

/** What is to be done about a plan whose next planned time was `nextAt`, now. */
export function dueTimes(plan: PeriodicPlan & { id: number; nextAt: Date }, now: Date, cron: Cron): Due {
  const planned: Date[] = [];
  const isDue = (at: Date) => at.getTime() + jitterMs(plan.id, at, plan.jitterSeconds) <= now.getTime();
  const skipped = longAgo(plan, now, cron);
  let nextAt: Date | null = skipped?.nextAt ?? plan.nextAt;
  while (nextAt && isDue(nextAt)) {
    planned.push(nextAt);
    nextAt = nextTime(plan, nextAt, cron);
  }
  const times = [...(skipped ? [skipped.time] : []), ...judged(plan, planned, now)];
  return { times, nextAt };
}

function longAgo(plan: Timed & { nextAt: Date }, now: Date, cron: Cron) {
  const edge = new Date(now.getTime() - LOOK_BACK_MS);
  if (plan.nextAt >= edge) return null;
  const nextAt = nextTime(plan, edge, cron);
  const missed = `nobody could run it then, nor at any time until ${(nextAt ?? now).toISOString()}`;
  return { time: { at: plan.nextAt, missed }, nextAt };
}

function judged({ catchup, id, jitterSeconds }: PeriodicPlan & { id: number }, planned: Date[], now: Date) {
  const isLate = (at: Date) => now.getTime() - at.getTime() - jitterMs(id, at, jitterSeconds) > LATE_MS;
  const late = planned.filter(isLate);
  const kept = new Set(catchup === 'skip' ? [] : late.slice(catchup === 'one' ? -1 : -MAX_CATCHUP));
  // What is late and made up for by a later one of the same moment is one run too many.
  const onTime = planned.length - late.length;
  if (catchup === 'one' && onTime > 0) kept.clear();
  return planned.map(
    (at): PlannedTime => ({
      at,
      missed: isLate(at) && !kept.has(at) ? 'nobody could run it then' : null,
    }),
  );
}
