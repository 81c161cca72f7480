import { setImmediate as immediately } from 'node:timers/promises';
import type { Actor } from '../access/actor.ts';
import { DomainError, requestErrors } from '../errors.ts';
import { checkArgs, checkText, MAX_TAG, MAX_TAGS } from '../jobs/args.ts';
import type { LimitBook } from '../limits/limit-book.ts';
import { ceilingOf } from '../limits/pending.ts';
import type { Cron } from '../ports/cron.ts';
import type { ListedPeriodicJob, PeriodicStore, PlacedPlan } from '../ports/periodic-store.ts';
import { nextTime, nextTimes } from './calendar.ts';
import { MAX_JITTER_S, type PeriodicPlan } from './periodic-job.ts';

const MAX_TASKS = 100;
const MAX_DESCRIPTION = 1000;
/** How often a change is tried again that somebody else's came before. */
const MAX_TRIES = 5;
/** Others are let in after so long, ms: a thousand expressions that seldom come true take seconds. */
const TURN_MS = 10;

export const periodicErrors = {
  notFound: (id: number) =>
    new DomainError('not_found', 'periodic_job_not_found', `periodic job ${id} not found`),
  disabled: (id: number) =>
    new DomainError('conflict', 'periodic_job_disabled', `periodic job ${id} is disabled`),
  changed: (id: number) =>
    new DomainError('conflict', 'periodic_job_changed', `periodic job ${id} was changed by somebody else`),
};

/** What people do with periodic jobs. Callers have checked access to the project. */
export interface PeriodicJobs extends Pick<PeriodicStore, 'list' | 'remove' | 'runs'> {
  /** Throws `not_found`. */
  find(project: number, id: number): Promise<ListedPeriodicJob>;
  /** Throws `invalid` for a plan that could never run, `forbidden` when there are as many as may be. */
  create(actor: Actor, project: number, plan: PeriodicPlan): Promise<ListedPeriodicJob>;
  /** `change` makes the new plan of the present one. Throws as `find` and `create`. */
  change(
    actor: Actor,
    project: number,
    id: number,
    change: (job: ListedPeriodicJob) => PeriodicPlan | Promise<PeriodicPlan>,
  ): Promise<ListedPeriodicJob>;
  /** As if this moment had been planned. Throws `not_found`, or `conflict` for one that is disabled. */
  runNow(actor: Actor, project: number, id: number): Promise<void>;
  /** The next planned times of a plan, without the jitter. Throws `invalid`. */
  preview(plan: PeriodicPlan, count: number): Date[];
  /** The same of some that there are; none of those that are disabled. */
  upcoming(jobs: readonly PeriodicPlan[], count: number): Promise<Date[][]>;
}

export interface PeriodicOptions {
  store: PeriodicStore;
  cron: Cron;
  /** Without it there may be as many as want: for whoever operates the service. */
  limits?: Pick<LimitBook, 'ofProject'>;
  now?: () => Date;
}

export function createPeriodicJobs({
  store,
  cron,
  limits,
  now = () => new Date(),
}: PeriodicOptions): PeriodicJobs {
  /** A change that leaves the times alone loses none that is due at this very moment. */
  function placed(plan: PeriodicPlan, present?: ListedPeriodicJob): PlacedPlan {
    const checked = { ...checkPlan(plan), ...cron.checked(plan.cron, plan.timezone) };
    const stays = present && !present.disabled && timesOf(present) === timesOf(checked);
    return { ...checked, nextAt: stays ? present.nextAt : nextTime(checked, now(), cron) };
  }

  async function find(project: number, id: number): Promise<ListedPeriodicJob> {
    const found = await store.find(project, id);
    if (!found) throw periodicErrors.notFound(id);
    return found;
  }

  return {
    list: (project) => store.list(project),
    remove: (actor, project, id) => store.remove(actor, project, id),
    runs: (project, id, before, limit) => store.runs(project, id, before, limit),
    find,
    async create(actor, project, plan) {
      const placedPlan = placed(plan);
      const allowance = await limits?.ofProject(project);
      const ceiling = allowance ? ceilingOf(project, allowance, 'periodicJobs') : undefined;
      return find(project, await store.create(actor, project, placedPlan, ceiling));
    },
    async change(actor, project, id, change) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const present = await find(project, id);
        const plan = placed(await change(present), present);
        if (await store.replace(actor, project, present, plan)) return find(project, id);
      }
      throw periodicErrors.changed(id);
    },
    async runNow(actor, project, id) {
      if ((await find(project, id)).disabled) throw periodicErrors.disabled(id);
      if (!(await store.makeDue(actor, project, id))) throw periodicErrors.notFound(id);
    },
    preview: (plan, count) => nextTimes(placed(plan), now(), count, cron),
    async upcoming(jobs, count) {
      const all: Date[][] = [];
      let fromMs = performance.now();
      for (const job of jobs) {
        all.push(job.disabled ? [] : nextTimes(job, now(), count, cron));
        if (performance.now() - fromMs < TURN_MS) continue;
        await immediately();
        fromMs = performance.now();
      }
      return all;
    },
  };
}

function timesOf({ cron, timezone, startAt, endAt }: PeriodicPlan): string {
  return JSON.stringify([cron, timezone, startAt, endAt]);
}

/** Throws `invalid` that names the field. */
function checkPlan(plan: PeriodicPlan): PeriodicPlan {
  const { tasks, tags, description, jitterSeconds, startAt, endAt } = plan;
  const { invalid } = requestErrors;
  if (tasks.length === 0) throw invalid('tasks', 'This field is required.');
  if (tasks.length > MAX_TASKS) throw invalid('tasks', `more than ${MAX_TASKS} tasks`);
  for (const { args, command, settings } of tasks) {
    checkArgs(args);
    for (const word of command ?? []) checkText('script_args', word);
    for (const name of Object.keys(settings)) checkText('job_settings', name);
  }
  if (tags.length > MAX_TAGS) throw invalid('addtags', `more than ${MAX_TAGS} tags`);
  for (const tag of tags) {
    if (tag.trim() === '' || tag.length > MAX_TAG)
      throw invalid('addtags', `a tag has 1 to ${MAX_TAG} characters`);
    checkText('addtags', tag);
  }
  if (description.length > MAX_DESCRIPTION)
    throw invalid('description', `is longer than ${MAX_DESCRIPTION} characters`);
  checkText('description', description);
  if (!Number.isInteger(jitterSeconds) || jitterSeconds < 0 || jitterSeconds > MAX_JITTER_S)
    throw invalid('jitter_seconds', `expected a whole number from 0 to ${MAX_JITTER_S}`);
  if (startAt && endAt && startAt >= endAt) throw invalid('end_at', 'must be after start_at');
  return plan;
}
