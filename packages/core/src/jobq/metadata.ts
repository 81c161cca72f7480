import type { JobDetails, Priority } from '../jobs/job.ts';
import { parseStrict, type RawFields } from '../json/raw-object.ts';

/**
 * A change to a job's metadata. Fields that the product knows have places of their own; everything else is kept
 * verbatim by name. Absent means "leave it"; null empties a field.
 */
export interface MetadataChange {
  closeReason?: string | null;
  tags?: string[];
  priority?: Priority;
  units?: number;
  version?: string | null;
  /** JSON text. */
  args?: string | null;
  settings?: string | null;
  environment?: string | null;
  command?: string | null;
  scrapyStats?: string | null;
  /** Free fields to set. */
  meta: RawFields;
  /** Free fields to remove. */
  forget: string[];
}

/** Follow from the job itself. Clients send them back when they save what they have read; that changes nothing. */
const COMPUTED =
  /^(project|spider|state|key|_key|auth|spider_type|stop_requested|updated_time|(pending|running|finished|deleted)_time|(scheduled|started|completed|cancelled|deleted)_by)$/;

const PRIORITIES: readonly Priority[] = [0, 1, 2, 3, 4];
const MAX_UNITS = 1000;

type Known = Omit<MetadataChange, 'meta' | 'forget'>;

/** How a known field is stored; null when the value does not fit, so that it is kept verbatim instead. */
const KNOWN: Record<string, (raw: string) => Known | null> = {
  close_reason: (raw) => (isText(raw) ? { closeReason: parseStrict(raw) as string } : null),
  version: (raw) => (isText(raw) ? { version: parseStrict(raw) as string } : null),
  tags(raw) {
    const value = parseStrict(raw);
    const isTags =
      Array.isArray(value) && value.every((tag) => typeof tag === 'string' && !tag.includes('\0'));
    return isTags ? { tags: [...new Set(value as string[])] } : null;
  },
  priority(raw) {
    const value = PRIORITIES.find((one) => String(one) === raw.trim());
    return value === undefined ? null : { priority: value };
  },
  units(raw) {
    const value = Number(raw);
    return Number.isInteger(value) && value >= 1 && value <= MAX_UNITS ? { units: value } : null;
  },
  spider_args: (raw) => (isObject(raw, isString) ? { args: raw } : null),
  job_settings: (raw) => (isObject(raw) ? { settings: raw } : null),
  environment: (raw) => (isObject(raw, isString) ? { environment: raw } : null),
  scrapystats: (raw) => (isObject(raw) ? { scrapyStats: raw } : null),
  job_cmd(raw) {
    const value = parseStrict(raw);
    return Array.isArray(value) && value.every(isString) ? { command: raw } : null;
  },
};

const EMPTY: Record<string, Known> = {
  close_reason: { closeReason: null },
  version: { version: null },
  tags: { tags: [] },
  spider_args: { args: null },
  job_settings: { settings: null },
  environment: { environment: null },
  scrapystats: { scrapyStats: null },
  job_cmd: { command: null },
};

/** Sorts fields that a caller sets into those that we know and those that we only keep. */
export function metadataChange(fields: RawFields): MetadataChange {
  const change: MetadataChange = { meta: new Map(), forget: [] };
  for (const [name, raw] of fields) {
    if (COMPUTED.test(name)) continue;
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name]?.(raw) : null;
    if (known) {
      Object.assign(change, known);
      change.forget.push(name);
    } else change.meta.set(name, raw);
  }
  return change;
}

/** The change that removes one field. */
export function metadataRemoval(name: string): MetadataChange {
  const known = Object.hasOwn(EMPTY, name) ? EMPTY[name] : undefined;
  return { ...known, meta: new Map(), forget: [name] };
}

/** A job's metadata as the storage API shows it: name to raw JSON. Free fields win, so that what was set comes back. */
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
  set('job_settings', unlessEmpty(job.settings));
  set('environment', unlessEmpty(job.environment));
  set('job_cmd', job.command);
  if (job.scrapyStats !== null) fields.set('scrapystats', job.scrapyStats);
  for (const [name, raw] of Object.entries(job.meta)) if (!COMPUTED.test(name)) fields.set(name, raw);
  return fields;
}

function unlessEmpty(value: Record<string, unknown>): Record<string, unknown> | null {
  return Object.keys(value).length > 0 ? value : null;
}

function isText(raw: string): boolean {
  const value = parseStrict(raw);
  return typeof value === 'string' && !value.includes('\0');
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(raw: string, isField: (value: unknown) => boolean = () => true): boolean {
  const value = parseStrict(raw);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(isField);
}
