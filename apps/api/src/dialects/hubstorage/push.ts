import {
  type Actor,
  checkText,
  DEFAULT_PRIORITY,
  DomainError,
  formatJobKey,
  JOB_STATES,
  type JobState,
  type RawFields,
  readRawString,
  requestErrors,
  type ScheduleRequest,
  writeRawObject,
} from '@spiderhub/core';
import { metadataChange, parsed, rawFields, reported, uniqueTextKey } from '@spiderhub/hub';
import type { Parts } from '../../parts.ts';

const MAX_SPIDER_NAME = 255;

interface PushContext {
  project: number;
  by: Actor;
  requestId: string;
}

/** So many jobs of a push are scheduled at the same time, in their order. */
const PIECE = 200;

/**
 * Schedules the jobs of a push and gives the line that answers each: the job's key and, for a job that begins as
 * running, its token; or what is wrong with it, so that the others are not held up. Stops when the caller is gone.
 */
export async function* pushJobs(
  services: Parts,
  all: readonly RawFields[],
  context: PushContext,
  isGone: () => boolean,
): AsyncGenerator<string> {
  for (let at = 0; at < all.length && !isGone(); at += PIECE) {
    const piece = all.slice(at, at + PIECE).map((fields) => ({ fields, request: readJob(fields, context) }));
    await ensureSpiders(services, context.project, piece);
    yield* await Promise.all(piece.map((one) => pushJob(services, one)));
  }
}

interface Pushed {
  fields: RawFields;
  request: ScheduleRequest | DomainError;
}

/** New names become spiders, in the order of the lines. Lists do not show them before they are deployed. */
async function ensureSpiders({ versions }: Parts, project: number, piece: readonly Pushed[]): Promise<void> {
  const names = piece.flatMap(({ request }) => (request instanceof DomainError ? [] : [request.spider]));
  for (const name of new Set(names)) await versions.spiderNumber(project, name, 'unlisted');
}

async function pushJob(services: Parts, { fields, request }: Pushed): Promise<string> {
  try {
    if (request instanceof DomainError) throw request;
    const key = await services.jobs.schedule(request);
    const auth = request.state === 'running' ? services.tokens.sign(key) : null;
    return JSON.stringify({ key: formatJobKey(key), auth });
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
    return `{"error":${JSON.stringify(wordsOf(error, fields))},"request":${writeRawObject(fields)}}`;
  }
}

/** Clients look for `Active job` to tell a duplicate. */
function wordsOf(error: DomainError, fields: RawFields): string {
  if (error.kind !== 'conflict') return error.message;
  return `Active job exists with key ${readRawString(fields.get('unique')) ?? ''}`;
}

function readJob(fields: RawFields, context: PushContext): ScheduleRequest | DomainError {
  try {
    return toRequest(fields, context);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function toRequest(asked: RawFields, { project, by, requestId }: PushContext): ScheduleRequest {
  const fields = new Map(asked);
  const spider = readRawString(take(fields, 'spider'));
  if (spider === null || spider === '' || spider.length > MAX_SPIDER_NAME) {
    throw requestErrors.invalid('spider', `expected a name of 1 to ${MAX_SPIDER_NAME} characters`);
  }
  const state = toState(take(fields, 'state'));
  const unique = readRawString(take(fields, 'unique'));
  const isOutside = take(fields, 'external') === 'true';
  const change = metadataChange(fields);
  return {
    project,
    spider: checkText('spider', spider),
    state,
    external: isOutside || state !== 'pending',
    uniqueKey: unique === null ? null : uniqueTextKey(checkText('unique', unique)),
    idempotencyKey: null,
    args: parsed(change.args) ?? {},
    settings: rawFields(change.settings),
    environment: parsed(change.environment) ?? {},
    command: parsed(change.command),
    tags: change.tags ?? [],
    priority: change.priority ?? DEFAULT_PRIORITY,
    units: change.units ?? 1,
    version: change.version ?? null,
    meta: Object.fromEntries(change.meta),
    ...reported(change),
    scheduledBy: by.name,
    actor: by,
    requestId,
  };
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
