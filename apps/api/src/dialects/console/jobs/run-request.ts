import {
  checkArgs,
  checkText,
  DEFAULT_PRIORITY,
  DomainError,
  isJson,
  type Priority,
  requestErrors,
  type ScheduleRequest,
  textEnvironment,
} from '@spiderhub/core';
import { sameRunKey } from '@spiderhub/hub';
import type { jobContracts } from '@spiderhub/wire';
import type { z } from 'zod';

type RunBody = z.output<typeof jobContracts.runJob.body>;
type Named = { name: string; value: string };

export interface Origin
  extends Pick<ScheduleRequest, 'project' | 'scheduledBy' | 'actor' | 'requestId' | 'idempotencyKey'> {}

/** What the core is asked for. Throws `invalid` with the field: `args.NAME`, `settings.NAME`, `environment.NAME`. */
export function toScheduleRequest(body: RunBody, origin: Origin): ScheduleRequest {
  const args = byName('args', body.args ?? []);
  at('args', () => checkArgs(args));
  const command = body.command?.map((word) => checkText('command', word)) ?? null;
  const spider = checkText('spider', body.spider);
  return {
    ...origin,
    spider,
    args,
    tags: [...new Set((body.tags ?? []).map((tag) => checkText('tags', tag)))],
    priority: (body.priority ?? DEFAULT_PRIORITY) as Priority,
    units: body.units ?? 1,
    settings: settingsOf(body.settings ?? []),
    environment: environmentOf(body.environment ?? []),
    command,
    meta: {},
    version: body.version == null ? null : checkText('version', body.version),
    state: 'pending',
    external: false,
    uniqueKey: body.parallel
      ? null
      : sameRunKey(spider, command ? { ...args, cmd_args: command.join(' ') } : args),
  };
}

function settingsOf(given: readonly Named[]): Record<string, string> {
  const settings = byName('settings', given);
  for (const [name, json] of Object.entries(settings)) {
    if (!isJson(Buffer.from(checkText(`settings.${name}`, json)))) {
      throw requestErrors.invalid(`settings.${name}`, 'the value is not JSON; a text stands in quotes');
    }
  }
  return settings;
}

function environmentOf(given: readonly Named[]): Record<string, string> {
  const environment = byName('environment', given);
  for (const [name, value] of Object.entries(environment)) {
    at('environment', () => textEnvironment(new Map([[name, JSON.stringify(value)]])), name);
  }
  return environment;
}

/** Texts by name. Throws `invalid` for a name that comes twice. */
function byName(field: string, given: readonly Named[]): Record<string, string> {
  const texts: Record<string, string> = Object.create(null);
  for (const { name, value } of given) {
    checkText(field, name);
    if (name in texts) throw requestErrors.invalid(`${field}.${name}`, 'is given more than once');
    texts[name] = value;
  }
  return texts;
}

/** Lets what is wrong with a named value be said of its place in the body. */
function at(place: string, check: () => unknown, name?: string): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'invalid') throw error;
    const field = name ?? String(error.details.field);
    const why = error.message.slice(error.message.indexOf(': ') + 2);
    throw requestErrors.invalid(`${place}.${field}`, why);
  }
}
