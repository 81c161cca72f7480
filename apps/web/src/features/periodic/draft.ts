import type { Schedule, SchedulePlan, ScheduleTask } from '../../api/schedules.ts';
import { momentOf, wallOf } from '../../lib/zones.ts';
import { emptyDraft, type Draft as Job, jsonText, type NamedText } from '../../ui/run/draft.ts';

/** One of the jobs that are started each time; a key holds it together while rows come and go. */
export interface TaskDraft extends Job {
  id: string;
}

/** A periodic job while it is written: the texts of the form. Times are as clocks of its zone show them. */
export interface Draft {
  description: string;
  cron: string;
  timezone: string;
  startAt: string;
  endAt: string;
  overlap: Schedule['overlap'];
  catchup: Schedule['catchup'];
  jitterSeconds: string;
  tags: string[];
  tasks: TaskDraft[];
}

export const newTask = (spider = ''): TaskDraft => ({ ...emptyDraft(spider), id: crypto.randomUUID() });

export const emptyPlan = (timezone: string): Draft => ({
  description: '',
  cron: '',
  timezone,
  startAt: '',
  endAt: '',
  overlap: 'skip',
  catchup: 'one',
  jitterSeconds: '0',
  tags: [],
  tasks: [newTask()],
});

/** A periodic job that is there, as a form. */
export function planOf(schedule: Schedule): Draft {
  const { description, cron, timezone, startAt, endAt, overlap, catchup, jitterSeconds, tags, tasks } =
    schedule;
  return {
    description,
    cron,
    timezone,
    startAt: wallOf(startAt, timezone),
    endAt: wallOf(endAt, timezone),
    overlap,
    catchup,
    jitterSeconds: String(jitterSeconds),
    tags,
    tasks: tasks.map(taskDraft),
  };
}

function taskDraft({ spider, args, command, priority, units, settings, environment }: ScheduleTask) {
  const task = newTask(spider);
  return {
    ...task,
    args: rowsOf(args),
    command: (command ?? []).join(' '),
    priority: priority ?? task.priority,
    units: units ?? task.units,
    settings: Object.entries(settings ?? {}).map(([name, value]) => ({ name, value: typed(value) })),
    environment: rowsOf(environment),
  };
}

const rowsOf = (texts: Record<string, string> = {}): NamedText[] =>
  Object.entries(texts).map(([name, value]) => ({ name, value }));

/** A value as one types it: a text without its quotes when it cannot be taken for something else. */
function typed(value: unknown): string {
  const json = JSON.stringify(value);
  return typeof value === 'string' && jsonText(value) === json ? value : json;
}

/** When it would run: what a preview is asked with. */
export function timesOf({ cron, timezone, startAt, endAt }: Draft) {
  return {
    cron: cron.trim(),
    timezone: timezone.trim(),
    startAt: momentOf(startAt, timezone.trim()),
    endAt: momentOf(endAt, timezone.trim()),
  };
}

/** The body of the call that makes or changes it. */
export function bodyOf(draft: Draft): SchedulePlan {
  return {
    ...timesOf(draft),
    description: draft.description.trim(),
    overlap: draft.overlap,
    catchup: draft.catchup,
    jitterSeconds: Number(draft.jitterSeconds),
    tags: draft.tags,
    tasks: draft.tasks.map(taskBody),
  };
}

function taskBody({ spider, args, command, priority, units, settings, environment }: TaskDraft) {
  const words = command.split(/\s+/).filter(Boolean);
  return {
    spider: spider.trim(),
    args: textsOf(args),
    command: words.length > 0 ? words : null,
    priority,
    units,
    settings: Object.fromEntries(
      named(settings).map(({ name, value }): [string, unknown] => [name, JSON.parse(jsonText(value))]),
    ),
    environment: textsOf(environment),
  };
}

const named = (rows: readonly NamedText[]) => rows.filter(({ name }) => name !== '');
const textsOf = (rows: readonly NamedText[]) =>
  Object.fromEntries(named(rows).map(({ name, value }) => [name, value]));
