import {
  type Job,
  type JobDetails,
  type JobState,
  type LostAttempt,
  MASK,
  type Priority,
  readRawObject,
} from '@spiderhub/core';

/** Columns of `JOB_TABLES` that make a Job. The counts of a running one are those of its lease. */
export const JOB_COLUMNS = `j.id, j.project_id, j.spider, j.number, s.name as spider_name, j.state, j.attempt, j.priority,
  j.units, j.tags, j.version, j.close_reason, j.external, j.state_since, j.pending_at, j.running_at, j.finished_at,
  j.deleted_at, j.scheduled_by, j.started_by, j.completed_by, j.cancelled_by, j.deleted_by, j.stop_requested_at,
  coalesce(l.items, j.items) as items, coalesce(l.pages, j.pages) as pages, coalesce(l.logs, j.logs) as logs,
  coalesce(l.errors, j.errors) as errors, d.args`;

export const JOB_TABLES = `jobs j
  join spiders s on s.project_id = j.project_id and s.number = j.spider
  left join leases l on l.job_id = j.id
  left join job_details d on d.job_id = j.id`;

export interface JobRow {
  id: string;
  project_id: number;
  spider: number;
  number: number;
  spider_name: string;
  state: string;
  attempt: number;
  priority: number;
  units: number;
  tags: string[];
  version: string | null;
  close_reason: string | null;
  external: boolean;
  state_since: Date;
  pending_at: Date | null;
  running_at: Date | null;
  finished_at: Date | null;
  deleted_at: Date | null;
  scheduled_by: string | null;
  started_by: string | null;
  completed_by: string | null;
  cancelled_by: string | null;
  deleted_by: string | null;
  stop_requested_at: Date | null;
  items: string;
  pages: string;
  logs: string;
  errors: string;
  args: Record<string, string> | null;
}

export interface DetailRow extends JobRow {
  settings: string | null;
  environment: Record<string, string> | null;
  command: string[] | null;
  scrapy_stats: string | null;
  request_id: string | null;
  internal_args: Record<string, string> | null;
  meta: Record<string, string> | null;
}

/** The rest of a JobDetails. */
export const DETAIL_COLUMNS = `d.settings, d.environment, d.command, d.scrapy_stats, d.request_id, d.internal_args,
  (select json_object_agg(m.name, m.value) from job_meta m where m.job_id = j.id) as meta`;

/** The same for those who look at a job: without values of variables that are secrets of its project or spider. */
export const SHOWN_DETAIL_COLUMNS = DETAIL_COLUMNS.replace(
  'd.environment',
  `(select json_object_agg(e.key, case when exists (
      select from variables v where v.project_id = j.project_id and v.spider in (0, j.spider) and v.name = e.key
        and v.sealed is not null) then '${MASK}' else e.value end)
    from json_each_text(d.environment) e) as environment`,
);

export function toJob(row: JobRow): Job {
  return {
    id: Number(row.id),
    key: { project: row.project_id, spider: row.spider, job: row.number },
    spiderName: row.spider_name,
    state: (row.state === 'admitted' ? 'pending' : row.state) as JobState,
    attempt: row.attempt,
    priority: row.priority as Priority,
    units: row.units,
    tags: row.tags,
    version: row.version,
    closeReason: row.close_reason,
    stateSince: row.state_since,
    pendingAt: row.pending_at,
    runningAt: row.running_at,
    finishedAt: row.finished_at,
    deletedAt: row.deleted_at,
    scheduledBy: row.scheduled_by,
    startedBy: row.started_by,
    completedBy: row.completed_by,
    cancelledBy: row.cancelled_by,
    deletedBy: row.deleted_by,
    stopRequested: row.stop_requested_at !== null,
    external: row.external,
    counts: {
      items: Number(row.items),
      pages: Number(row.pages),
      logs: Number(row.logs),
      errors: Number(row.errors),
    },
    args: row.args ?? {},
  };
}

export function toJobDetails(row: DetailRow): JobDetails {
  return {
    ...toJob(row),
    settings: Object.fromEntries(readRawObject(row.settings ?? '{}') ?? []),
    environment: row.environment ?? {},
    command: row.command,
    scrapyStats: row.scrapy_stats,
    meta: row.meta ?? {},
    internalArgs: row.internal_args ?? {},
    requestId: row.request_id,
  };
}

export interface LostRow {
  id: string;
  attempt: number;
  project: number;
  spider: number;
  job: number;
}

export function toLostAttempt({ id, attempt, project, spider, job }: LostRow): LostAttempt {
  return { id: Number(id), attempt, key: { project, spider, job } };
}
