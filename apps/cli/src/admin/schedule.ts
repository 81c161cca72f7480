import {
  CATCHUPS,
  COMMAND,
  checkArgs,
  DEFAULT_PRIORITY,
  type ListedPeriodicJob,
  OVERLAPS,
  type PeriodicPlan,
} from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command } from './command.ts';
import { optional, type Reader, required } from './options.ts';
import { positive, someText } from './readers.ts';

const SHOWN = 5;
const LAST_RUNS = 20;

const ONE = { project: required('NUMBER', positive), id: required('NUMBER', positive) };

/** Periodic jobs at the command line; everything else about them goes over the API. */
export const SCHEDULE_COMMANDS = [
  command('schedule list', { project: required('NUMBER', positive) }, async ({ project }, { periodic }) =>
    (await periodic.list(project)).map((job) => shown(job)),
  ),
  command(
    'schedule create',
    {
      project: required('NUMBER', positive),
      spider: required('SPIDER', someText),
      cron: required('"MINUTE HOUR DAY MONTH WEEKDAY"', someText),
      timezone: optional('ZONE', someText),
      arguments: optional('JSON', readArguments),
      tag: optional('TAG', someText),
      overlap: optional(OVERLAPS.join('|'), oneOf(OVERLAPS)),
      catchup: optional(CATCHUPS.join('|'), oneOf(CATCHUPS)),
      jitter: optional('SECONDS', positive),
    },
    async ({ project, spider, ...given }, { periodic, versions }) => {
      if ((await versions.spiderNumber(project, spider)) === null)
        throw new UserError(`--spider: ${spider} not found in project ${project}`);
      return shown(await periodic.create(COMMAND, project, planOf(spider, given)));
    },
  ),
  command('schedule pause', ONE, ({ project, id }, { periodic }) =>
    periodic.change(COMMAND, project, id, (job) => ({ ...job, disabled: true })).then(shown),
  ),
  command('schedule resume', ONE, ({ project, id }, { periodic }) =>
    periodic.change(COMMAND, project, id, (job) => ({ ...job, disabled: false })).then(shown),
  ),
  command('schedule run', ONE, async ({ project, id }, { periodic }) => {
    await periodic.runNow(COMMAND, project, id);
    return { id, runs: 'within a second, when a worker is there' };
  }),
  command('schedule remove', ONE, async ({ project, id }, { periodic }) => ({
    id,
    removed: await periodic.remove(COMMAND, project, id),
  })),
  command('schedule preview', ONE, async ({ project, id }, { periodic }) =>
    periodic.preview(await periodic.find(project, id), LAST_RUNS).map((planned) => ({ planned })),
  ),
  command('schedule runs', ONE, async ({ project, id }, { periodic }) => {
    await periodic.find(project, id);
    const runs = await periodic.runs(project, id, null, LAST_RUNS);
    return runs.map(({ jobs, ...run }) => ({ ...run, jobs: jobs.join(' ') }));
  }),
];

interface Given {
  cron: string;
  timezone?: string | undefined;
  arguments?: Record<string, string> | undefined;
  tag?: string | undefined;
  overlap?: PeriodicPlan['overlap'] | undefined;
  catchup?: PeriodicPlan['catchup'] | undefined;
  jitter?: number | undefined;
}

function planOf(spider: string, given: Given): PeriodicPlan {
  const task = {
    spider,
    args: given.arguments ?? {},
    command: null,
    priority: DEFAULT_PRIORITY,
    units: 1,
    settings: {},
    environment: {},
  };
  return {
    cron: given.cron,
    timezone: given.timezone ?? 'UTC',
    overlap: given.overlap ?? 'skip',
    catchup: given.catchup ?? 'one',
    jitterSeconds: given.jitter ?? 0,
    startAt: null,
    endAt: null,
    disabled: false,
    description: '',
    tags: given.tag === undefined ? [] : [given.tag],
    tasks: [task],
  };
}

function shown(job: ListedPeriodicJob) {
  const { id, cron, timezone, disabled, overlap, catchup, tasks, nextAt, lastRun } = job;
  return {
    id,
    cron,
    timezone,
    disabled,
    overlap,
    catchup,
    spiders: tasks
      .map(({ spider }) => spider)
      .slice(0, SHOWN)
      .join(' '),
    next: disabled ? null : nextAt,
    last: lastRun && `${lastRun.outcome} ${lastRun.plannedAt.toISOString()}`,
  };
}

function oneOf<const W extends readonly string[]>(words: W): Reader<W[number]> {
  return (flag, text) => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw new UserError(`${flag}: expected one of ${words.join(', ')}`);
    return word;
  };
}

function readArguments(flag: string, text: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${flag}: expected a JSON object of texts`);
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || !Object.values(value as object).every((one) => typeof one === 'string'))
    throw new UserError(`${flag}: expected a JSON object of texts`);
  return checkArgs(value as Record<string, string>);
}
