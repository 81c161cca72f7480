import {
  type Actor,
  checkArgs,
  DEFAULT_PRIORITY,
  DomainError,
  formatJobKey,
  type JobState,
  type MetadataChange,
  type Priority,
  readRawString,
  requestErrors,
  type ScheduleRequest,
  textEnvironment,
} from '@spiderhub/core';
import { MAX_UNITS, metadataChange, parsed, rawFields, reported, sameRunKey } from '@spiderhub/hub';
import { z } from 'zod';
import { integer, Text } from '../../../http/fields.ts';
import { idempotencyKeyOf } from '../../../http/idempotency-key.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Params } from '../../../http/params.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, ProjectId, rawJsonObject, Tags } from '../schema.ts';
import { splitWords } from '../shell-words.ts';

const MAX_NAME = 255;

const ScheduleForm = z
  .object({
    project: ProjectId,
    spider: Text.max(MAX_NAME, `is longer than ${MAX_NAME} characters`).optional(),
    /** The spider by its number in the project. */
    jobq_id: integer(1, 999_999_999).optional(),
    add_tag: Tags.optional(),
    priority: integer(0, 4).optional(),
    units: integer(1, MAX_UNITS).optional(),
    job_settings: Text.optional(),
    meta: Text.optional(),
    environment: Text.optional(),
    cmd_args: Text.optional(),
    ...apikeyField,
  })
  // Everything else is an argument of the spider, taken from the fields as they came: no schema keeps `__proto__`.
  .meta({ id: 'ScrapinghubScheduleForm' });
type ScheduleForm = z.output<typeof ScheduleForm>;

const Scheduled = z
  .object({ status: z.literal('ok'), jobid: z.string() })
  .meta({ id: 'ScrapinghubScheduled' });

/** `run.json` and its older name `schedule.json` are the same. */
export function scheduleOperations(services: Parts): Operation[] {
  return ['/run.json', '/schedule.json'].map((path) =>
    operation({
      method: 'post',
      path,
      summary: 'Schedule a job',
      action: 'jobs.run',
      body: ScheduleForm,
      reply: Scheduled,
    })(async ({ body, fields, caller, requestId, headers }) => {
      try {
        await caller.may(body.project);
        const spider = await spiderOf(services, body);
        const origin = { actor: caller.actor, requestId, idempotencyKey: idempotencyKeyOf(headers) };
        const key = await services.jobs.schedule(toRequest(body, fields, spider, origin));
        return { status: 'ok' as const, jobid: formatJobKey(key) };
      } catch (error) {
        throw asInvalid(error);
      }
    }),
  );
}

/** The clients take a 404 of this path for a wrong address, so a spider that is not there is a bad request. */
function asInvalid(error: unknown): unknown {
  if (!(error instanceof DomainError) || error.kind !== 'not_found') return error;
  return new DomainError('invalid', error.code, error.message, { details: error.details });
}

async function spiderOf({ versions }: Parts, { project, spider, jobq_id }: ScheduleForm): Promise<string> {
  if (spider) return spider;
  if (jobq_id === undefined) throw requestErrors.invalid('spider', 'is required');
  const name = await versions.spiderName(project, jobq_id);
  if (name === null) throw requestErrors.invalid('jobq_id', `${jobq_id} not found`);
  return name;
}

type Origin = Pick<ScheduleRequest, 'requestId' | 'idempotencyKey'> & { actor: Actor };

/** Translates the form. Throws `invalid` for what the schema cannot see. */
export function toRequest(
  form: ScheduleForm,
  fields: Params,
  spider: string,
  origin: Origin,
): ScheduleRequest {
  const { state, change } = readMeta(form.meta);
  const args = { ...parsed<Record<string, string>>(change.args), ...argumentsOf(fields) };
  const command =
    form.cmd_args === undefined ? parsed<string[]>(change.command) : splitWords(form.cmd_args, 'cmd_args');
  return {
    project: form.project,
    spider,
    args: checkArgs(args),
    tags: [...new Set([...(form.add_tag ?? []), ...(change.tags ?? [])])],
    priority: (form.priority ?? change.priority ?? DEFAULT_PRIORITY) as Priority,
    units: form.units ?? change.units ?? 1,
    settings: { ...rawFields(change.settings), ...readSettings(form.job_settings) },
    environment: {
      ...parsed<Record<string, string>>(change.environment),
      ...readEnvironment(form.environment),
    },
    command,
    meta: Object.fromEntries(change.meta),
    version: change.version ?? null,
    ...reported(change),
    state,
    external: state !== 'pending',
    scheduledBy: origin.actor.name,
    actor: origin.actor,
    requestId: origin.requestId,
    idempotencyKey: origin.idempotencyKey,
    // Script jobs differ by their command line as spiders do by their arguments.
    uniqueKey:
      state === 'finished'
        ? null
        : sameRunKey(spider, form.cmd_args === undefined ? args : { ...args, cmd_args: form.cmd_args }),
  };
}

const NAMED: ReadonlySet<string> = new Set(Object.keys(ScheduleForm.shape));

/** Clients write a list as a field for each of its values: taking one of them would lose the others without a word. */
function argumentsOf(fields: Params): Record<string, string> {
  const args: Record<string, string> = Object.create(null);
  for (const name in fields) {
    if (NAMED.has(name)) continue;
    const [value = '', ...others] = [fields[name] ?? ''].flat();
    if (others.some((other) => other !== value))
      throw requestErrors.invalid(name, 'is given more than once; send a list as one text, JSON for example');
    args[name] = value;
  }
  return args;
}

const STATES: readonly JobState[] = ['pending', 'running', 'finished'];

interface Meta {
  state: JobState;
  change: MetadataChange;
}

const NO_META: Meta = { state: 'pending', change: metadataChange(new Map()) };

/** Splits `meta` into its `state`, which places the job, and the rest, which describes it as a push would. */
function readMeta(text: string | undefined): Meta {
  if (!text) return NO_META;
  const fields = rawJsonObject(text, 'meta');
  const asked = fields.get('state');
  const state =
    asked === undefined || asked === 'null'
      ? 'pending'
      : STATES.find((known) => known === readRawString(asked));
  if (!state) throw requestErrors.invalid('meta', `state must be one of ${STATES.join(', ')}`);
  return { state, change: metadataChange(fields) };
}

function readSettings(text: string | undefined): Record<string, string> {
  return text ? Object.fromEntries(rawJsonObject(text, 'job_settings')) : {};
}

function readEnvironment(text: string | undefined): Record<string, string> {
  return text ? textEnvironment(rawJsonObject(text, 'environment')) : {};
}
