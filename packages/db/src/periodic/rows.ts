import type { ActiveJob, ListedPeriodicJob, PeriodicJob, PeriodicRun, PlacedPlan } from '@spiderhub/core';
import { jitterMs } from '@spiderhub/core';

export const COLUMNS = `p.id, p.project_id, p.cron, p.timezone, p.overlap, p.catchup, p.jitter_seconds, p.start_at, p.end_at,
  p.disabled, p.description, p.tags, p.tasks, p.created_by, p.revision, p.next_at`;

export interface PeriodicRow {
  id: number;
  project_id: number;
  cron: string;
  timezone: string;
  overlap: PeriodicJob['overlap'];
  catchup: PeriodicJob['catchup'];
  jitter_seconds: number;
  start_at: Date | null;
  end_at: Date | null;
  disabled: boolean;
  description: string;
  tags: string[];
  tasks: string;
  created_by: string;
  revision: number;
  next_at: Date | null;
}

export function toPeriodicJob(row: PeriodicRow): PeriodicJob {
  const { project_id, jitter_seconds, start_at, end_at, created_by, next_at, tasks, ...same } = row;
  return {
    id: same.id,
    project: project_id,
    cron: same.cron,
    timezone: same.timezone,
    overlap: same.overlap,
    catchup: same.catchup,
    jitterSeconds: jitter_seconds,
    startAt: start_at,
    endAt: end_at,
    disabled: same.disabled,
    description: same.description,
    tags: same.tags,
    tasks: JSON.parse(tasks),
    createdBy: created_by,
    revision: same.revision,
    nextAt: next_at,
  };
}

export interface RunRow {
  planned_at: Date;
  fired_at: Date;
  outcome: PeriodicRun['outcome'];
  reason: string | null;
  jobs: string[];
}

export function toRun({ planned_at, fired_at, outcome, reason, jobs }: RunRow): PeriodicRun {
  return { plannedAt: planned_at, firedAt: fired_at, outcome, reason, jobs };
}

export interface ListedRow extends PeriodicRow {
  last_run: (Omit<RunRow, 'planned_at' | 'fired_at'> & { planned_at: string; fired_at: string }) | null;
  spider_numbers: Record<string, number> | null;
}

export function toListed(row: ListedRow): ListedPeriodicJob {
  const { last_run: last, spider_numbers } = row;
  const lastRun = last && {
    ...last,
    planned_at: new Date(last.planned_at),
    fired_at: new Date(last.fired_at),
  };
  return { ...toPeriodicJob(row), lastRun: lastRun && toRun(lastRun), spiderNumbers: spider_numbers ?? {} };
}

export interface ActiveRow {
  periodic_id: number;
  task: number;
  project_id: number;
  spider: number;
  number: number;
  state: string;
}

export function toActive({ task, project_id, spider, number, state }: ActiveRow): ActiveJob {
  return { task, key: { project: project_id, spider, job: number }, isPending: state !== 'running' };
}

/** When a planned time is due, which is what the index is over. */
export function fireAt(id: number, nextAt: Date | null, jitterSeconds: number): Date | null {
  return nextAt && new Date(nextAt.getTime() + jitterMs(id, nextAt, jitterSeconds));
}

export function planColumns(plan: PlacedPlan): Record<string, unknown> {
  return {
    cron: plan.cron,
    timezone: plan.timezone,
    overlap: plan.overlap,
    catchup: plan.catchup,
    jitter_seconds: plan.jitterSeconds,
    start_at: plan.startAt,
    end_at: plan.endAt,
    disabled: plan.disabled,
    description: plan.description,
    tags: plan.tags,
    tasks: JSON.stringify(plan.tasks),
    next_at: plan.nextAt,
  };
}
