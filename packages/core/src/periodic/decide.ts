import type { JobKey } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import type { ScheduleRequest } from '../jobs/schedule.ts';
import type { Cron } from '../ports/cron.ts';
import { dueTimes } from './calendar.ts';
import { PERIODIC, type PeriodicJob, type PeriodicTask } from './periodic-job.ts';

/** A job of a periodic job that is not over yet. */
export interface ActiveJob {
  /** Position of its task. */
  task: number;
  key: JobKey;
  isPending: boolean;
}

/** One planned time, decided: what starts, what stops for it, and why something does not start. */
export interface PlannedRun {
  plannedAt: Date;
  missed: string | null;
  requests: { task: number; request: ScheduleRequest }[];
  stops: JobKey[];
  /** Why tasks are left out: one text each. */
  overlaps: string[];
}

export interface Decision {
  runs: PlannedRun[];
  nextAt: Date | null;
}

export interface Rules {
  cron: Cron;
  /** The rule by which two jobs are the same; see ScheduleRequest.uniqueKey. */
  uniqueKey(task: PeriodicTask): string;
}

/**
 * What a periodic job does now. Overlaps are looked for among the jobs of before, and of two times that come due in the same
 * moment the first one runs; runs that are made up for together are what somebody asked for by `all`.
 */
export function decide(
  job: PeriodicJob & { nextAt: Date; fireAt?: Date },
  active: ActiveJob[],
  now: Date,
  rules: Rules,
): Decision {
  const { times, nextAt } = dueTimes(job, now, rules.cron);
  const onTime = times.find(({ isLate }) => !isLate);
  let isFirst = true;
  const runs = times.map(({ at, missed, isLate }): PlannedRun => {
    const run: PlannedRun = { plannedAt: at, missed, requests: [], stops: [], overlaps: [] };
    if (missed !== null) return run;
    const stopsOthers = isFirst && job.overlap === 'replace';
    const mayBeAlone = isFirst && job.overlap !== 'allow';
    isFirst = false;
    if (onTime && at !== onTime.at && !isLate && job.overlap !== 'allow') {
      run.overlaps.push(`what was planned for ${onTime.at.toISOString()} starts at the same moment`);
      return run;
    }
    for (const [position, task] of job.tasks.entries()) {
      const before = active.filter((one) => one.task === position);
      const inTheWay = whatHinders(job.overlap, before);
      if (inTheWay) {
        run.overlaps.push(`${formatJobKey(inTheWay.key)} is still active`);
        continue;
      }
      if (stopsOthers) run.stops.push(...before.map(({ key }) => key));
      const uniqueKey = mayBeAlone && before.length === 0 ? rules.uniqueKey(task) : null;
      run.requests.push({ task: position, request: requestOf(job, task, { at, position, uniqueKey }) });
    }
    return run;
  });
  return { runs, nextAt };
}

function whatHinders(overlap: PeriodicJob['overlap'], before: ActiveJob[]): ActiveJob | undefined {
  if (overlap === 'skip') return before[0];
  if (overlap === 'queue') return before.find(({ isPending }) => isPending);
  return undefined;
}

function requestOf(
  job: PeriodicJob,
  task: PeriodicTask,
  { at, position, uniqueKey }: { at: Date; position: number; uniqueKey: string | null },
): ScheduleRequest {
  return {
    project: job.project,
    ...task,
    tags: job.tags,
    meta: {},
    version: null,
    state: 'pending',
    external: false,
    uniqueKey,
    // With blanks: no caller of the API may send such a key.
    idempotencyKey: `periodic ${job.id} ${at.getTime()} ${position}`,
    scheduledBy: PERIODIC,
    requestId: null,
  };
}
