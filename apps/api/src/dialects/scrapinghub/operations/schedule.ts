import {
  DEFAULT_PRIORITY,
  DomainError,
  decodeString,
  formatJobKey,
  type JobState,
  type Priority,
  requestErrors,
  type ScheduleRequest,
  sameRunKey,
  scanFields,
} from '@spiderhub/core';
import type { Request } from 'express';
import { z } from 'zod';
import { integer, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Services } from '../../../services.ts';
import { apikeyField, checkJsonObject, ProjectId, Tags } from '../schema.ts';
import { splitWords } from '../shell-words.ts';

const MAX_NAME = 255;
const MAX_ARGS = 256 * 1024;

const ScheduleForm = z
  .object({
    project: ProjectId,
    spider: Text.max(MAX_NAME, `is longer than ${MAX_NAME} characters`).optional(),
    /** The spider by its number in the project. */
    jobq_id: integer(1, 999_999_999).optional(),
    add_tag: Tags.optional(),
    priority: integer(0, 4).optional(),
    units: integer(1, 6).optional(),
    job_settings: Text.optional(),
    meta: Text.optional(),
    environment: Text.optional(),
    cmd_args: Text.optional(),
    ...apikeyField,
  })
  // Everything else is an argument of the spider.
  .catchall(Text)
  .meta({ id: 'ScrapinghubScheduleForm' });
type ScheduleForm = z.output<typeof ScheduleForm>;

const Scheduled = z
  .object({ status: z.literal('ok'), jobid: z.string() })
  .meta({ id: 'ScrapinghubScheduled' });

/** `run.json` and its older name `schedule.json` are the same. */
export function scheduleOperations(services: Services): Operation[] {
  return ['/run.json', '/schedule.json'].map((path) =>
    operation({ method: 'post', path, summary: 'Schedule a job', body: ScheduleForm, reply: Scheduled })(
      async ({ body, who, requestId, req }) => {
        try {
          await services.access.project(who, body.project);
          const spider = await spiderOf(services, body);
          const origin = { scheduledBy: who.name, requestId, idempotencyKey: idempotencyKeyOf(req) };
          const key = await services.jobs.schedule(toRequest(body, spider, origin));
          return { status: 'ok' as const, jobid: formatJobKey(key) };
        } catch (error) {
          throw asInvalid(error);
        }
      },
    ),
  );
}

/** The clients take a 404 of this path for a wrong address, so a spider that is not there is a bad request. */
function asInvalid(error: unknown): unknown {
  if (!(error instanceof DomainError) || error.kind !== 'not_found') return error;
  return new DomainError('invalid', error.code, error.message, { details: error.details });
}

async function spiderOf({ versions }: Services, { project, spider, jobq_id }: ScheduleForm): Promise<string> {
  if (spider) return spider;
  if (jobq_id === undefined) throw requestErrors.invalid('spider', 'is required');
  const name = await versions.spiderName(project, jobq_id);
  if (name === null) throw requestErrors.invalid('jobq_id', `${jobq_id} not found`);
  return name;
}

type Origin = Pick<ScheduleRequest, 'scheduledBy' | 'requestId' | 'idempotencyKey'>;

/** A caller who repeats a request under the same key, because the answer got lost, gets the first one's job. */
function idempotencyKeyOf(req: Request): string | null {
  const key = req.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw requestErrors.invalid('Idempotency-Key', 'expected 1 to 255 printable ASCII characters');
}

/** Translates the form. Throws `invalid` for what the schema cannot see. */
export function toRequest(form: ScheduleForm, spider: string, origin: Origin): ScheduleRequest {
  const { project, add_tag, priority, units, job_settings, meta, environment, cmd_args } = form;
  const args = argumentsOf(form);
  const { state, meta: free } = readMeta(meta);
  checkArgs(args);
  return {
    project,
    spider,
    args,
    tags: [...new Set(add_tag)],
    priority: (priority ?? DEFAULT_PRIORITY) as Priority,
    units: units ?? 1,
    settings: job_settings ? checkJsonObject(job_settings, 'job_settings') : {},
    environment: readEnvironment(environment),
    command: cmd_args === undefined ? null : splitWords(cmd_args, 'cmd_args'),
    meta: free,
    version: null,
    state,
    external: state !== 'pending',
    scheduledBy: origin.scheduledBy,
    requestId: origin.requestId,
    idempotencyKey: origin.idempotencyKey,
    // Script jobs differ by their command line as spiders do by their arguments.
    uniqueKey:
      state === 'finished' ? null : sameRunKey(spider, cmd_args === undefined ? args : { ...args, cmd_args }),
  };
}

const NAMED: ReadonlySet<string> = new Set(Object.keys(ScheduleForm.shape));

function argumentsOf(form: ScheduleForm): Record<string, string> {
  return Object.fromEntries(Object.entries(form).filter(([name]) => !NAMED.has(name))) as Record<
    string,
    string
  >;
}

function checkArgs(args: Record<string, string>): void {
  let size = 0;
  for (const [name, value] of Object.entries(args)) {
    size += name.length + value.length;
    if (name.length > MAX_NAME) throw requestErrors.invalid(name.slice(0, MAX_NAME), 'the name is too long');
    if (size > MAX_ARGS)
      throw requestErrors.invalid(name, `spider arguments are longer than ${MAX_ARGS} characters`);
  }
}

const STATES: readonly JobState[] = ['pending', 'running', 'finished'];

/** Splits `meta` into its `state`, which places the job, and the rest, whose values are kept as they were written. */
function readMeta(text: string | undefined): { state: JobState; meta: Record<string, string> } {
  if (!text) return { state: 'pending', meta: {} };
  const value = checkJsonObject(text, 'meta');
  const state = STATES.find((known) => known === (value.state ?? 'pending'));
  if (!state) throw requestErrors.invalid('meta', `state must be one of ${STATES.join(', ')}`);
  const entries: [string, string][] = [];
  const line = Buffer.from(text);
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    const name = decodeString(line, keyStart, keyEnd) ?? '';
    if (name.includes('\0')) throw requestErrors.invalid('meta', 'NUL characters are not allowed');
    if (name !== 'state') entries.push([name, line.toString('utf8', valueStart, valueEnd)]);
    return true;
  });
  return { state, meta: Object.fromEntries(entries) };
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

function readEnvironment(text: string | undefined): Record<string, string> {
  if (!text) return {};
  const entries = Object.entries(checkJsonObject(text, 'environment')).map(([name, value]) => {
    if (!VARIABLE.test(name))
      throw requestErrors.invalid('environment', `${JSON.stringify(name)} is no variable name`);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw requestErrors.invalid('environment', `${name} must be a string`);
    }
    if (String(value).includes('\0'))
      throw requestErrors.invalid('environment', 'NUL characters are not allowed');
    return [name, String(value)];
  });
  return Object.fromEntries(entries);
}
