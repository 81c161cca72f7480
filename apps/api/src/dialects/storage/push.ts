import {
  DEFAULT_PRIORITY,
  DomainError,
  formatJobKey,
  JOB_STATES,
  type JobState,
  type MetadataChange,
  metadataChange,
  parseStrict,
  type RawFields,
  readRawString,
  requestErrors,
  type ScheduleRequest,
  writeRawObject,
} from '@spiderhub/core';
import type { StorageServices } from './parts.ts';

const MAX_SPIDER_NAME = 255;

interface PushContext {
  project: number;
  by: string;
  requestId: string;
}

/**
 * Schedules one job of a push and returns the line that answers it: the job's key and, for a job that begins as
 * running, its token; or what is wrong with it, so that the others are not held up.
 */
export async function pushJob(
  services: StorageServices,
  fields: RawFields,
  context: PushContext,
): Promise<string> {
  const asked = writeRawObject(fields);
  try {
    const { request, rest } = toRequest(fields, context);
    await services.versions.spiderNumber(context.project, request.spider, true);
    const key = await services.jobs.schedule(request);
    if (Object.keys(rest).length > 0)
      await services.jobq.describe(key, { ...rest, meta: new Map(), forget: [] });
    const auth = request.state === 'running' ? services.tokens.sign(key) : null;
    return JSON.stringify({ key: formatJobKey(key), auth });
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
    return `{"error":${JSON.stringify(wordsOf(error, fields))},"request":${asked}}`;
  }
}

/** Clients look for `Active job` to tell a duplicate. */
function wordsOf(error: DomainError, fields: RawFields): string {
  if (error.kind !== 'conflict') return error.message;
  return `Active job exists with key ${readRawString(fields.get('unique')) ?? ''}`;
}

interface Pushed {
  request: ScheduleRequest;
  /** What a job can only have once it is there. */
  rest: Pick<MetadataChange, 'closeReason' | 'scrapyStats'>;
}

function toRequest(asked: RawFields, { project, by, requestId }: PushContext): Pushed {
  const fields = new Map(asked);
  const spider = take(fields, 'spider');
  const name = readRawString(spider);
  if (name === null || name === '' || name.length > MAX_SPIDER_NAME || name.includes('\0')) {
    throw requestErrors.invalid('spider', `expected a name of 1 to ${MAX_SPIDER_NAME} characters`);
  }
  const state = toState(take(fields, 'state'));
  const unique = readRawString(take(fields, 'unique'));
  const isOutside = take(fields, 'external') === 'true';
  const change = metadataChange(withTextArgs(fields));
  const { closeReason, scrapyStats } = change;
  const request: ScheduleRequest = {
    project,
    spider: name,
    state,
    external: isOutside || state !== 'pending',
    uniqueKey: unique === null ? null : `push:${unique}`,
    idempotencyKey: null,
    args: objectOf(change.args),
    settings: objectOf(change.settings),
    environment: objectOf(change.environment),
    command: change.command ? (JSON.parse(change.command) as string[]) : null,
    tags: change.tags ?? [],
    priority: change.priority ?? DEFAULT_PRIORITY,
    units: change.units ?? 1,
    version: change.version ?? null,
    meta: Object.fromEntries(change.meta),
    scheduledBy: by,
    requestId,
  };
  const rest = {
    ...(closeReason !== undefined && { closeReason }),
    ...(scrapyStats !== undefined && { scrapyStats }),
  };
  return { request, rest };
}

function take(fields: RawFields, name: string): string | undefined {
  const raw = fields.get(name);
  fields.delete(name);
  return raw;
}

function toState(raw: string | undefined): JobState {
  if (raw === undefined || raw === 'null') return 'pending';
  const state = JOB_STATES.find((known) => known === readRawString(raw));
  if (!state) throw requestErrors.invalid('state', `expected one of ${JOB_STATES.join(', ')}`);
  return state;
}

/** Spider arguments are strings, whatever a caller sends. */
function withTextArgs(fields: RawFields): RawFields {
  const args = parseStrict(fields.get('spider_args') ?? 'null');
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return fields;
  const texts = Object.entries(args).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return new Map(fields).set('spider_args', JSON.stringify(Object.fromEntries(texts)));
}

function objectOf<T>(json: string | null | undefined): Record<string, T> {
  return json ? (JSON.parse(json) as Record<string, T>) : {};
}
