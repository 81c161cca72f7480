import {
  checkText,
  commandLine,
  type JobDetails,
  MAX_TAG,
  MAX_TAGS,
  type MetadataChange,
  type Priority,
  parseStrict,
  type RawFields,
  readRawObject,
  readRawString,
  requestErrors,
  type ScheduleRequest,
  textArgs,
  textEnvironment,
  writeRawObject,
} from '@spiderhub/core';

/** Follow from the job itself. Clients send them back when they save what they have read; that changes nothing. */
const COMPUTED =
  /^(project|spider|state|key|_key|auth|unique|spider_type|stop_requested|updated_time|api_url|portia_url|(pending|running|finished|deleted)_time|(scheduled|started|completed|cancelled|deleted)_by)$/;

const PRIORITIES: readonly Priority[] = [0, 1, 2, 3, 4];
export const MAX_UNITS = 6;
const UNITS = Array.from({ length: MAX_UNITS }, (_, n) => n + 1);

type Known = Omit<MetadataChange, 'meta' | 'forget'>;

interface KnownField {
  expects: string;
  /** Undefined for a value that does not fit. Throws `invalid` for one that cannot be stored. */
  read(raw: string): Known | undefined;
  /** What null, or its removal, means. */
  empty: Known;
}

const KNOWN: Record<string, KnownField> = {
  close_reason: {
    expects: 'text',
    read: (raw) => withValue(readText('close_reason', raw), (closeReason) => ({ closeReason })),
    empty: { closeReason: null },
  },
  version: {
    expects: 'text',
    read: (raw) => withValue(readText('version', raw), (version) => ({ version })),
    empty: { version: null },
  },
  tags: {
    expects: `at most ${MAX_TAGS} tags of 1 to ${MAX_TAG} characters`,
    read: (raw) => withValue(readTags(raw), (tags) => ({ tags })),
    empty: { tags: [] },
  },
  priority: {
    expects: 'a number from 0 to 4',
    read: (raw) =>
      withValue(
        PRIORITIES.find((one) => String(one) === unquoted(raw)),
        (priority) => ({ priority }),
      ),
    empty: {},
  },
  units: {
    expects: `a number from 1 to ${MAX_UNITS}`,
    read: (raw) =>
      withValue(
        UNITS.find((one) => String(one) === unquoted(raw)),
        (units) => ({ units }),
      ),
    empty: {},
  },
  spider_args: {
    expects: 'an object',
    read: (raw) => withValue(readRawObject(raw), (fields) => ({ args: JSON.stringify(textArgs(fields)) })),
    empty: { args: null },
  },
  job_settings: {
    expects: 'an object',
    read: (raw) => (readRawObject(raw) ? { settings: raw } : undefined),
    empty: { settings: null },
  },
  environment: {
    expects: 'an object',
    read: (raw) =>
      withValue(readRawObject(raw), (fields) => ({ environment: JSON.stringify(textEnvironment(fields)) })),
    empty: { environment: null },
  },
  scrapystats: {
    expects: 'an object',
    read: (raw) => (readRawObject(raw) ? { scrapyStats: raw } : undefined),
    empty: { scrapyStats: null },
  },
  job_cmd: {
    expects: 'a list of texts',
    read(raw) {
      const value = parseStrict(raw);
      return isTexts(value) ? { command: JSON.stringify(value) } : undefined;
    },
    empty: { command: null },
  },
};

function knownField(name: string): KnownField | undefined {
  return Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
}

/**
 * Sorts fields that a caller sets into those that we know and those that we only keep. Throws `invalid` when a known
 * one cannot be what it is set to.
 */
export function metadataChange(fields: RawFields): MetadataChange {
  const change: MetadataChange = { meta: new Map(), forget: [] };
  for (const [name, value] of fields) {
    if (COMPUTED.test(name)) continue;
    const field = knownField(name);
    if (field) Object.assign(change, readKnown(name, field, value.trim()));
    else change.meta.set(checkText(name.slice(0, 100), name), value);
  }
  return change;
}

function readKnown(name: string, field: KnownField, raw: string): Known {
  if (raw === 'null') return field.empty;
  const known = field.read(raw);
  if (!known) throw requestErrors.invalid(name, `expected ${field.expects}`);
  return known;
}

/** The change that removes one field. */
export function metadataRemoval(name: string): MetadataChange {
  const field = knownField(name);
  return field ? { ...field.empty, meta: new Map(), forget: [] } : { meta: new Map(), forget: [name] };
}

/** A job's metadata as the storage API shows it: name to raw JSON. */
export function metadataOf(job: JobDetails): RawFields {
  const fields: RawFields = new Map();
  function set(name: string, value: unknown): void {
    if (value !== null && value !== undefined) fields.set(name, JSON.stringify(value));
  }
  set('project', job.key.project);
  set('spider', job.spiderName);
  set('state', job.state);
  set('priority', job.priority);
  set('units', job.units);
  set('tags', job.tags);
  set('spider_type', 'manual');
  set('version', job.version);
  set('close_reason', job.closeReason);
  set('pending_time', job.pendingAt?.getTime());
  set('running_time', job.runningAt?.getTime());
  set('finished_time', job.finishedAt?.getTime());
  set('deleted_time', job.deletedAt?.getTime());
  set('scheduled_by', job.scheduledBy);
  set('started_by', job.startedBy);
  set('completed_by', job.completedBy);
  set('cancelled_by', job.cancelledBy);
  set('deleted_by', job.deletedBy);
  set('stop_requested', job.stopRequested && job.state === 'running' ? true : null);
  set('spider_args', unlessEmpty(job.args));
  if (Object.keys(job.settings).length > 0) {
    fields.set('job_settings', writeRawObject(Object.entries(job.settings)));
  }
  set('environment', unlessEmpty(job.environment));
  set('job_cmd', commandLine(job));
  if (job.scrapyStats !== null) fields.set('scrapystats', job.scrapyStats);
  for (const [name, raw] of Object.entries(job.meta)) {
    if (!COMPUTED.test(name) && !knownField(name)) fields.set(name, raw);
  }
  return fields;
}

function unlessEmpty(value: Record<string, unknown>): Record<string, unknown> | null {
  return Object.keys(value).length > 0 ? value : null;
}

/** A known field's JSON text as the value it stands for. */
export function parsed<T>(json: string | null | undefined): T | null {
  return json ? (JSON.parse(json) as T) : null;
}

/** An object's JSON text as name to JSON text. */
export function rawFields(json: string | null | undefined): Record<string, string> {
  return Object.fromEntries((json && readRawObject(json)) || []);
}

/** What a job is given that somebody else runs, or ran. */
export function reported({
  closeReason,
  scrapyStats,
}: MetadataChange): Pick<ScheduleRequest, 'closeReason' | 'scrapyStats'> {
  return { ...(closeReason && { closeReason }), ...(scrapyStats && { scrapyStats }) };
}

function withValue<T>(value: T | null | undefined, make: (value: T) => Known): Known | undefined {
  return value === null || value === undefined ? undefined : make(value);
}

/** Numbers come as text, too. */
function unquoted(raw: string): string {
  return readRawString(raw) ?? raw;
}

function readText(name: string, raw: string): string | null {
  const text = readRawString(raw);
  return text === null ? null : checkText(name, text);
}

function readTags(raw: string): string[] | null {
  const value = parseStrict(raw);
  if (!isTexts(value) || value.length > MAX_TAGS) return null;
  const isGood = value.every((tag) => tag.trim() !== '' && tag.length <= MAX_TAG);
  return isGood ? [...new Set(value.map((tag) => checkText('tags', tag)))] : null;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
