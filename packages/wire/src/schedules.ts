import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Done, Id, None, OfProject, PathNumber, queryNumber, Time } from './fields.ts';

const MAX_JITTER_S = 3600;
const MAX_UNITS = 6;
const MAX_PREVIEW = 100;
const MAX_RUNS = 200;

const Task = z
  .strictObject({
    /** Name of a spider, or of a script (`py:report.py`). */
    spider: z.string().min(1).max(255),
    /** Arguments of the spider. */
    args: z.record(z.string(), z.string()).optional(),
    /** Words of a script's command line. */
    command: z.array(z.string()).nullable().optional(),
    priority: z.int().min(0).max(4).optional(),
    units: z.int().min(1).max(MAX_UNITS).optional(),
    settings: z.record(z.string(), z.unknown()).optional(),
    environment: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'ScheduleTask' });

const Moment = z.iso.datetime({ offset: true });

const times = {
  /** Five fields, a short form such as `@daily`, or an ISO 8601 time for a single run. */
  cron: z.string().min(1).max(200),
  /** IANA name; `UTC` by default. */
  timezone: z.string().min(1).max(100).optional(),
  startAt: Moment.nullable().optional(),
  endAt: Moment.nullable().optional(),
};

const plan = {
  ...times,
  /** What happens while a job of the same task is active. */
  overlap: z.enum(['skip', 'allow', 'queue', 'replace']).optional(),
  /** What happens to planned times that nobody could keep. */
  catchup: z.enum(['skip', 'one', 'all']).optional(),
  /** Each run is put off by up to so many seconds. */
  jitterSeconds: z.int().min(0).max(MAX_JITTER_S).optional(),
  disabled: z.boolean().optional(),
  description: z.string().optional(),
  /** For each job that is started. */
  tags: z.array(z.string()).optional(),
  tasks: z.array(Task),
};

export const ScheduleRun = z
  .strictObject({
    plannedAt: Time,
    firedAt: Time,
    outcome: z.enum(['scheduled', 'partly', 'overlap', 'missed', 'refused']),
    /** Why not everything started; null when all did. */
    reason: z.string().nullable(),
    /** Keys of the jobs that were made. */
    jobs: z.array(z.string()),
  })
  .meta({ id: 'ScheduleRun' });

export const Schedule = z
  .strictObject({
    id: Id,
    cron: z.string(),
    timezone: z.string(),
    startAt: Time.nullable(),
    endAt: Time.nullable(),
    overlap: z.enum(['skip', 'allow', 'queue', 'replace']),
    catchup: z.enum(['skip', 'one', 'all']),
    jitterSeconds: z.int(),
    disabled: z.boolean(),
    description: z.string(),
    tags: z.array(z.string()),
    tasks: z.array(Task),
    createdBy: z.string(),
    /** Grows with each change. */
    revision: z.int(),
    /** The next five planned times, without the jitter; none while it is disabled. */
    nextRuns: z.array(Time),
    lastRun: ScheduleRun.nullable(),
  })
  .meta({ id: 'Schedule' });

const OfSchedule = OfProject.extend({ schedule: PathNumber });
const Runs = z.strictObject({ runs: z.array(ScheduleRun) }).meta({ id: 'ScheduleRuns' });

export const scheduleContracts = {
  list: contract({
    id: 'listSchedules',
    method: 'get',
    path: '/projects/:project/schedules',
    summary: 'Periodic jobs of a project',
    params: OfProject,
    query: None,
    body: null,
    reply: z.strictObject({ schedules: z.array(Schedule) }).meta({ id: 'ScheduleList' }),
    errors: READ_ERRORS,
  }),
  create: contract({
    id: 'createSchedule',
    method: 'post',
    path: '/projects/:project/schedules',
    summary: 'Plan a periodic job',
    params: OfProject,
    query: None,
    body: z.strictObject(plan),
    reply: Schedule,
    errors: WRITE_ERRORS,
  }),
  preview: contract({
    id: 'previewSchedule',
    method: 'post',
    path: '/projects/:project/schedules/preview',
    summary: 'When a plan would run, by the function that fires it',
    params: OfProject,
    query: None,
    body: z.strictObject({ ...times, count: z.int().min(1).max(MAX_PREVIEW).optional() }),
    reply: z.strictObject({ runs: z.array(Time) }).meta({ id: 'SchedulePreview' }),
    errors: WRITE_ERRORS,
  }),
  read: contract({
    id: 'readSchedule',
    method: 'get',
    path: '/projects/:project/schedules/:schedule',
    summary: 'A periodic job',
    params: OfSchedule,
    query: None,
    body: null,
    reply: Schedule,
    errors: READ_ERRORS,
  }),
  change: contract({
    id: 'changeSchedule',
    method: 'patch',
    path: '/projects/:project/schedules/:schedule',
    summary: 'Change or pause a periodic job: what is not named stays',
    params: OfSchedule,
    query: None,
    body: z.strictObject({
      ...plan,
      cron: plan.cron.optional(),
      tasks: plan.tasks.optional(),
      /** Refused when somebody else has changed it since this revision. */
      revision: z.int().min(1).optional(),
    }),
    reply: Schedule,
    errors: WRITE_ERRORS,
  }),
  remove: contract({
    id: 'removeSchedule',
    method: 'delete',
    path: '/projects/:project/schedules/:schedule',
    summary: 'Remove a periodic job; what it started stays',
    params: OfSchedule,
    query: None,
    body: null,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  runs: contract({
    id: 'listScheduleRuns',
    method: 'get',
    path: '/projects/:project/schedules/:schedule/runs',
    summary: 'Planned times that have gone by, the newest first, and what came of each',
    params: OfSchedule,
    query: z.strictObject({
      /** Planned before this moment: `plannedAt` of the last one of the page before. */
      before: Moment.optional(),
      limit: queryNumber(1, MAX_RUNS).optional(),
    }),
    body: null,
    reply: Runs,
    errors: READ_ERRORS,
  }),
  run: contract({
    id: 'runSchedule',
    method: 'post',
    path: '/projects/:project/schedules/:schedule/run',
    summary: 'Run a periodic job as if this moment had been planned',
    params: OfSchedule,
    query: None,
    body: None,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
};
