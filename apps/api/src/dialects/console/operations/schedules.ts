import {
  checkText,
  DEFAULT_PRIORITY,
  DomainError,
  type ListedPeriodicJob,
  NEW_PERIODIC_PLAN,
  type PeriodicPlan,
  type PeriodicRun,
  type PeriodicTask,
  type Priority,
  periodicErrors,
  requestErrors,
  textEnvironment,
} from '@spiderhub/core';
import { scheduleContracts as contracts } from '@spiderhub/wire';
import type { z } from 'zod';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

const SHOWN_RUNS = 5;
const PREVIEW = 10;
const RUNS = 50;

type Change = z.output<typeof contracts.change.body>;
type Task = NonNullable<Change['tasks']>[number];

/** Periodic jobs in our own words; the Jobs API has them in Scrapy Cloud's. */
export function scheduleOperations(parts: Parts): Operation[] {
  return [...readingOperations(parts), ...writingOperations(parts)];
}

function readingOperations({ periodic }: Parts): Operation[] {
  return [
    served(
      contracts.list,
      'periodic.read',
    )(async ({ caller, params: { project } }) => {
      await caller.may(project);
      return { schedules: await views(periodic, await periodic.list(project)) };
    }),
    served(
      contracts.preview,
      'periodic.read',
    )(async ({ caller, params: { project }, body: { count = PREVIEW, ...times } }) => {
      await caller.may(project);
      // Any task will do: it has no say in when.
      const plan = { ...NEW_PERIODIC_PLAN, ...readFields(times), tasks: [taskOf({ spider: 'any' })] };
      const runs = await inOurWords(async () => periodic.preview(plan, count));
      return { runs: runs.map((at) => at.toISOString()) };
    }),
    served(
      contracts.read,
      'periodic.read',
    )(async ({ caller, params: { project, schedule } }) => {
      await caller.may(project);
      return viewOf(periodic, await periodic.find(project, schedule));
    }),
    served(
      contracts.runs,
      'periodic.read',
    )(async ({ caller, params: { project, schedule }, query: { before, limit = RUNS } }) => {
      await caller.may(project);
      await periodic.find(project, schedule);
      const runs = await periodic.runs(project, schedule, before ? new Date(before) : null, limit);
      return { runs: runs.map(runView) };
    }),
  ];
}

function writingOperations(parts: Parts): Operation[] {
  const { periodic } = parts;
  return [
    served(
      contracts.create,
      'periodic.write',
    )(async ({ caller, params: { project }, body }) => {
      await caller.may(project);
      const plan = {
        ...NEW_PERIODIC_PLAN,
        ...readFields(body),
        tasks: await readTasks(parts, project, body.tasks),
      };
      return viewOf(periodic, await inOurWords(() => periodic.create(caller.actor, project, plan)));
    }),
    served(
      contracts.change,
      'periodic.write',
    )(async ({ caller, params: { project, schedule }, body: { revision, tasks, ...fields } }) => {
      await caller.may(project);
      const read = tasks && (await readTasks(parts, project, tasks));
      const change = (present: ListedPeriodicJob) => {
        if (revision !== undefined && revision !== present.revision) throw periodicErrors.changed(schedule);
        return { ...present, ...readFields(fields), ...(read && { tasks: read }) };
      };
      return viewOf(
        periodic,
        await inOurWords(() => periodic.change(caller.actor, project, schedule, change)),
      );
    }),
    served(
      contracts.remove,
      'periodic.write',
    )(async ({ caller, params: { project, schedule } }) => {
      await caller.may(project);
      if (!(await periodic.remove(caller.actor, project, schedule))) throw periodicErrors.notFound(schedule);
      return {};
    }),
    served(
      contracts.run,
      'periodic.write',
    )(async ({ caller, params: { project, schedule } }) => {
      await caller.may(project);
      await periodic.runNow(caller.actor, project, schedule);
      return {};
    }),
  ];
}

/** Names of fields in the Jobs API, which are the core's. */
const OUR_WORDS: Record<string, string> = {
  addtags: 'tags',
  jitter_seconds: 'jitterSeconds',
  start_at: 'startAt',
  end_at: 'endAt',
  script_args: 'command',
  job_settings: 'settings',
};

async function inOurWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_parameter') throw error;
    const field = String(error.details.field);
    throw requestErrors.invalid(OUR_WORDS[field] ?? field, error.message.slice(field.length + 2));
  }
}

/** What is named, in the core's words. */
function readFields(body: Omit<Change, 'tasks' | 'revision'>): Partial<PeriodicPlan> {
  const { startAt, endAt, tags, ...others } = body;
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(given) as Partial<PeriodicPlan>),
    ...(startAt !== undefined && { startAt: startAt === null ? null : new Date(startAt) }),
    ...(endAt !== undefined && { endAt: endAt === null ? null : new Date(endAt) }),
    ...(tags && { tags: [...new Set(tags)] }),
  };
}

async function readTasks(
  { versions }: Parts,
  project: number,
  tasks: readonly Task[],
): Promise<PeriodicTask[]> {
  for (const { spider } of tasks) {
    if ((await versions.spiderNumber(project, checkText('tasks', spider))) === null)
      throw requestErrors.invalid('tasks', `spider: ${spider} not found`);
  }
  return tasks.map(taskOf);
}

function taskOf({ spider, args, command, priority, units, settings, environment }: Task): PeriodicTask {
  const texts = Object.entries(settings ?? {}).map(([name, value]) => [name, JSON.stringify(value)]);
  return {
    spider,
    args: args ?? {},
    command: command && command.length > 0 ? command : null,
    priority: (priority ?? DEFAULT_PRIORITY) as Priority,
    units: units ?? 1,
    settings: Object.fromEntries(texts) as Record<string, string>,
    environment: textEnvironment(new Map(Object.entries(environment ?? {}).map(asJson))),
  };
}

/** As the reader of environments takes them: a text is quoted. */
function asJson([name, value]: [string, string]): [string, string] {
  return [name, JSON.stringify(value)];
}

async function views(periodic: Parts['periodic'], jobs: readonly ListedPeriodicJob[]) {
  const runs = await periodic.upcoming(jobs, SHOWN_RUNS);
  return jobs.map((job, nth) => view(job, runs[nth] ?? []));
}

async function viewOf(periodic: Parts['periodic'], job: ListedPeriodicJob) {
  const [runs = []] = await periodic.upcoming([job], SHOWN_RUNS);
  return view(job, runs);
}

function view(job: ListedPeriodicJob, nextRuns: Date[]) {
  const { id, cron, timezone, overlap, catchup, jitterSeconds, disabled, description, tags } = job;
  return {
    id,
    cron,
    timezone,
    startAt: job.startAt?.toISOString() ?? null,
    endAt: job.endAt?.toISOString() ?? null,
    overlap,
    catchup,
    jitterSeconds,
    disabled,
    description,
    tags,
    tasks: job.tasks.map(taskView),
    createdBy: job.createdBy,
    revision: job.revision,
    nextRuns: nextRuns.map((at) => at.toISOString()),
    lastRun: job.lastRun && runView(job.lastRun),
  };
}

function taskView({ settings, ...task }: PeriodicTask) {
  const values = Object.entries(settings).map(([name, text]): [string, unknown] => [name, JSON.parse(text)]);
  return { ...task, settings: Object.fromEntries(values) };
}

function runView({ plannedAt, firedAt, outcome, reason, jobs }: PeriodicRun) {
  return {
    plannedAt: plannedAt.toISOString(),
    firedAt: firedAt.toISOString(),
    outcome,
    reason,
    jobs,
  };
}
