import {
  CATCHUPS,
  checkText,
  DEFAULT_PRIORITY,
  NEW_PERIODIC_PLAN,
  OVERLAPS,
  type PeriodicPlan,
  type PeriodicTask,
  type Priority,
  parseStrict,
  type RawFields,
  readRawArray,
  readRawObject,
  readRawString,
  requestErrors,
  textArgs,
  textEnvironment,
} from '@spiderhub/core';
import { MAX_UNITS } from '@spiderhub/hub';
import { rawJsonObject } from '../schema.ts';
import { splitWords } from '../shell-words.ts';

const { invalid } = requestErrors;

const MAX_NAME = 255;
/** Cron's fields of the generation that had one for each, in the order of an expression. */
export const CRON_FIELDS = ['minutes_shift', 'hour', 'dayofmonth', 'month', 'day'] as const;

/** Finds spiders of the project: by number, and by name. Null when there is none. */
export interface SpiderNames {
  byNumber(number: number): Promise<string | null>;
  isKnown(name: string): Promise<boolean>;
}

/**
 * A plan from a body of either generation: `cron` and `tasks`, or a field for each part of the expression and
 * `spiders`. Absent fields are what they are in `present`; without it the plan is new. `shown` is what the client may have
 * read before. Unknown fields are let be, since clients send back what they have read. Throws `invalid` that names the
 * field.
 */
export async function readPlan(
  text: string,
  spiders: SpiderNames,
  present?: PeriodicPlan,
  shown = present,
): Promise<PeriodicPlan> {
  const fields = rawJsonObject(text, 'body');
  const old = [...CRON_FIELDS, 'spiders'].filter((name) => fields.has(name));
  const isMixed = old.length > 0 && (fields.has('cron') || fields.has('tasks'));
  const plan = { ...NEW_PERIODIC_PLAN, ...present, ...knownFields(fields) };
  if (isMixed) {
    if (!isEcho(fields)) throw invalid(old[0] ?? 'cron', 'cannot stand beside cron and tasks');
    return { ...plan, ...(await changedOf(fields, spiders, shown)) };
  }
  const cron = newCron(fields) ?? oldCron(fields, present) ?? present?.cron;
  if (!cron) throw invalid('cron', 'This field is required.');
  const tasks = fields.get(fields.has('tasks') ? 'tasks' : 'spiders');
  return { ...plan, cron, tasks: tasks === undefined ? plan.tasks : await readTasks(tasks, spiders) };
}

/** Answers hold both generations; a client may send one back, with a change in the fields that it knows. */
function isEcho(fields: RawFields): boolean {
  return ['id', 'cron', 'tasks', 'spiders'].every((name) => fields.has(name));
}

async function changedOf(
  fields: RawFields,
  spiders: SpiderNames,
  shown: PeriodicPlan | undefined,
): Promise<Pick<PeriodicPlan, 'cron' | 'tasks'>> {
  const [tasks, older] = await Promise.all(
    ['tasks', 'spiders'].map((name) => readTasks(fields.get(name) ?? '', spiders)),
  );
  const cron = newCron(fields) as string;
  return {
    cron: changed('cron', cron, oldCron(fields, shown) ?? cron, shown?.cron),
    tasks: changed('tasks', tasks, older, shown?.tasks) as PeriodicTask[],
  };
}

/** Of two that say the same the one that is not what it was. */
function changed<T>(field: string, one: T, other: T, shown: T | undefined): T {
  const [a, b, before] = [one, other, shown].map((value) => JSON.stringify(value));
  if (a === b || b === before) return one;
  if (a === before) return other;
  throw invalid(field, 'is changed in both of its forms, and differently');
}

function newCron(fields: RawFields): string | undefined {
  const cron = fields.get('cron');
  return cron === undefined ? undefined : textOf('cron', cron);
}

function oldCron(fields: RawFields, present: PeriodicPlan | undefined): string | undefined {
  if (!CRON_FIELDS.some((name) => fields.has(name))) return undefined;
  const before = present?.cron.split(' ') ?? [];
  const parts = CRON_FIELDS.map((name, nth) => {
    const raw = fields.get(name);
    if (raw === undefined) return before.length === CRON_FIELDS.length ? before[nth] : '*';
    const part = readRawString(raw) ?? (/^\d+$/.test(raw) ? raw : null);
    if (part === null || !/^\S+$/.test(part)) throw invalid(name, 'expected a value or *');
    return part;
  });
  return parts.join(' ');
}

type Known = Partial<Omit<PeriodicPlan, 'cron' | 'tasks'>>;

const READERS: Record<string, (raw: string) => Known> = {
  disabled: (raw) => ({ disabled: flagOf('disabled', raw) }),
  description: (raw) => ({ description: textOf('description', raw) }),
  addtags: (raw) => ({ tags: [...new Set(textsOf('addtags', raw))] }),
  timezone: (raw) => ({ timezone: textOf('timezone', raw) }),
  overlap: (raw) => ({ overlap: oneOf('overlap', raw, OVERLAPS) }),
  catchup: (raw) => ({ catchup: oneOf('catchup', raw, CATCHUPS) }),
  jitter_seconds: (raw) => ({ jitterSeconds: numberOf('jitter_seconds', raw, 0, 3600) }),
  start_at: (raw) => ({ startAt: timeOf('start_at', raw) }),
  end_at: (raw) => ({ endAt: timeOf('end_at', raw) }),
};

function knownFields(fields: RawFields): Known {
  const known: Known = {};
  for (const [name, raw] of fields) {
    if (Object.hasOwn(READERS, name)) Object.assign(known, READERS[name]?.(raw));
  }
  return known;
}

async function readTasks(raw: string, spiders: SpiderNames): Promise<PeriodicTask[]> {
  const list = readRawArray(raw);
  if (!list) throw invalid('tasks', 'expected a list of tasks');
  if (list.length === 0) throw invalid('tasks', 'This list may not be empty.');
  return Promise.all(list.map((task) => readTask(task, spiders)));
}

async function readTask(raw: string, spiders: SpiderNames): Promise<PeriodicTask> {
  const fields = readRawObject(raw);
  if (!fields) throw invalid('tasks', 'a task is an object');
  const args = objectOf(fields, fields.has('spider_args') ? 'spider_args' : 'args');
  const settings = objectOf(fields, 'job_settings');
  const environment = objectOf(fields, 'environment');
  return {
    spider: await spiderOf(fields, spiders),
    args: textArgs(onlyTexts(args)),
    command: commandOf(fields.get('script_args')),
    priority: optional(
      fields,
      'priority',
      (value) => numberOf('priority', value, 0, 4),
      DEFAULT_PRIORITY,
    ) as Priority,
    units: optional(fields, 'units', (value) => numberOf('units', value, 1, MAX_UNITS), 1),
    settings: Object.fromEntries(settings),
    environment: textEnvironment(environment),
  };
}

async function spiderOf(fields: RawFields, spiders: SpiderNames): Promise<string> {
  const raw = fields.get('name');
  if (raw !== undefined) {
    const name = textOf('name', raw);
    if (name === '' || name.length > MAX_NAME || !(await spiders.isKnown(checkText('name', name))))
      throw invalid('tasks', `spider: ${name.slice(0, MAX_NAME)} not found`);
    return name;
  }
  const number = fields.get('jobq_id');
  if (number === undefined) throw invalid('tasks', 'a task needs a name');
  const name = await spiders.byNumber(numberOf('jobq_id', number, 1, 999_999_999));
  if (name === null) throw invalid('tasks', `jobq_id: ${number} not found`);
  return name;
}

/** Lists and objects were never arguments there; as text they would mean something else to the spider. */
function onlyTexts(fields: RawFields): RawFields {
  for (const [name, raw] of fields) {
    if (/^\s*[[{]/.test(raw)) throw invalid('spider_args', `${name} must be a text`);
  }
  return fields;
}

function commandOf(raw: string | undefined): string[] | null {
  if (raw === undefined || raw === 'null') return null;
  const words = splitWords(textOf('script_args', raw), 'script_args');
  return words.length === 0 ? null : words;
}

function objectOf(fields: RawFields, name: string): RawFields {
  const raw = fields.get(name);
  if (raw === undefined || raw === 'null') return new Map();
  const object = readRawObject(raw);
  if (!object) throw invalid(name, 'expected an object');
  return object;
}

function optional<T>(fields: RawFields, name: string, read: (raw: string) => T, otherwise: T): T {
  const raw = fields.get(name);
  return raw === undefined || raw === 'null' ? otherwise : read(raw);
}

function textOf(name: string, raw: string): string {
  const text = readRawString(raw);
  if (text === null) throw invalid(name, 'expected a text');
  return text;
}

function textsOf(name: string, raw: string): string[] {
  const list = readRawArray(raw);
  if (!list) throw invalid(name, 'expected a list of texts');
  return list.map((one) => textOf(name, one));
}

function flagOf(name: string, raw: string): boolean {
  if (raw === 'true' || raw === 'false') return raw === 'true';
  throw invalid(name, 'expected true or false');
}

function oneOf<const W extends readonly string[]>(name: string, raw: string, words: W): W[number] {
  const word = words.find((one) => one === readRawString(raw));
  if (word === undefined) throw invalid(name, `expected one of ${words.join(', ')}`);
  return word;
}

function numberOf(name: string, raw: string, min: number, max: number): number {
  const value = parseStrict(readRawString(raw) ?? raw);
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, `expected a whole number between ${min} and ${max}`);
}

const WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

function timeOf(name: string, raw: string): Date | null {
  if (raw === 'null') return null;
  const text = readRawString(raw);
  const time = text !== null && WITH_ZONE.test(text) ? new Date(text) : null;
  if (!time || Number.isNaN(time.getTime()))
    throw invalid(name, 'expected an ISO 8601 time with its zone, or null');
  return time;
}
