import {
  type Actor,
  type Caller,
  DomainError,
  formatJobKey,
  JOB_STATES,
  type JobKey,
  type JobState,
  parseStrict,
  type RawFields,
  readJobKey,
  readRawString,
  requestErrors,
  writeRawObject,
} from '@spiderhub/core';
import { metadataChange, metadataOf } from '@spiderhub/hub';
import { z } from 'zod';
import type { Incoming } from '../../../http/incoming.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { readObject, readObjects, readTextLines } from '../body.ts';
import { pushJobs } from '../push.ts';
import { wholeNumber } from '../records/params.ts';
import { JSON_LINES, JSON_TEXT, lines, rawJson } from '../replies.ts';
import { JobPath, keyOf, ProjectPath } from '../schema.ts';

export function jobqWriteOperations(services: Parts): Operation[] {
  return [push(services), startJob(services), update(services), cancelOne(services), cancelMany(services)];
}

const push = (services: Parts) =>
  operation({
    method: 'post',
    path: '/jobq/:project/push',
    summary: 'Schedule jobs',
    action: 'jobs.run',
    takes: JSON_LINES,
    sends: JSON_LINES,
    params: ProjectPath,
  })(async ({ params: { project }, caller, requestId, incoming, isGone }) => {
    await caller.may(project);
    const context = { project, by: caller.actor, requestId };
    const answer: string[] = [];
    for await (const line of pushJobs(services, await readObjects(incoming), context, isGone))
      answer.push(line);
    return lines(answer);
  });

const startJob = (services: Parts) =>
  operation({
    method: 'post',
    path: '/jobq/:project/startjob',
    summary: 'Take the next job of a paused project',
    action: 'jobs.move',
    takes: JSON_TEXT,
    sends: JSON_TEXT,
    params: ProjectPath,
  })(async ({ params: { project }, caller, incoming }) => {
    await caller.may(project);
    const fields = await readObject(incoming);
    if (!(await servesGroup(services, project, fields))) return rawJson('null');
    const key = await services.jobs.take(project, metadataChange(fields), caller.actor);
    const job = key && (await services.jobs.find(key));
    if (!job) return rawJson('null');
    const answer = metadataOf(job);
    answer.set('key', JSON.stringify(formatJobKey(job.key)));
    answer.set('auth', JSON.stringify(services.tokens.sign(job.key)));
    return rawJson(writeRawObject(answer));
  });

/** A worker that names its group only gets jobs of projects that asked for that group. */
async function servesGroup({ projects }: Parts, project: number, fields: RawFields): Promise<boolean> {
  const group = readRawString(fields.get('botgroup'));
  fields.delete('botgroup');
  if (group === null) return true;
  const groups = parseStrict((await projects.settings(project)).get('botgroups') ?? '[]');
  return Array.isArray(groups) && groups.includes(group);
}

const update = (services: Parts) =>
  operation({
    method: 'post',
    path: '/jobq/:project/update',
    summary: 'Move and describe jobs',
    action: 'jobs.move',
    alsoAsks: ['jobs.delete'],
    takes: JSON_LINES,
    sends: JSON_LINES,
    params: ProjectPath,
  })(async ({ params: { project }, caller, incoming }) => {
    await caller.may(project);
    const answer: string[] = [];
    for (const fields of await readObjects(incoming)) {
      const target = targetOf(fields);
      // A job of another project is one that does not exist here.
      if (target.project !== project) continue;
      const state = stateOf(fields);
      if (state === 'deleted') await caller.may(project, 'jobs.delete');
      const change = { ...target, state, change: metadataChange(fields), by: caller.actor };
      for (const { key, previous } of await services.jobs.move(change)) {
        answer.push(JSON.stringify({ prevstate: previous, key: formatJobKey(key) }));
      }
    }
    return lines(answer);
  });

const SPIDER_KEY = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/;

/** A job's key, or a spider's: all of its jobs. */
function targetOf(fields: RawFields): { project: number; spider: number; job: number | null } {
  const text = readRawString(fields.get('key')) ?? '';
  const key = readJobKey(text);
  if (key) return key;
  const spider = SPIDER_KEY.exec(text);
  if (!spider) throw requestErrors.invalid('key', 'expected project/spider/job or project/spider');
  return { project: Number(spider[1]), spider: Number(spider[2]), job: null };
}

function stateOf(fields: RawFields): JobState | null {
  const raw = fields.get('state');
  if (raw === undefined || raw === 'null') return null;
  const state = JOB_STATES.find((known) => known === readRawString(raw));
  if (!state) throw requestErrors.invalid('state', `expected one of ${JOB_STATES.join(', ')}`);
  return state;
}

const Cancelled = z.object({ count: z.int() }).meta({ id: 'HubstorageCancelled' });

const cancelOne = (services: Parts) =>
  operation({
    method: 'post',
    path: '/jobq/:project/:spider/:job/cancel',
    summary: 'Cancel a job',
    action: 'jobs.stop',
    reply: Cancelled,
    params: JobPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    return { count: await cancel(services, params.project, [keyOf(params)], caller.actor) };
  });

const cancelMany = (services: Parts) =>
  operation({
    method: 'post',
    path: '/jobq/:project/cancel',
    summary: 'Cancel jobs',
    action: 'jobs.stop',
    takes: JSON_LINES,
    reply: Cancelled,
    alsoAsks: ['jobs.drain'],
    query: z.object({ count: wholeNumber }),
    params: ProjectPath,
  })(async (call) => {
    const {
      params: { project },
      caller,
      incoming,
    } = call;
    await caller.may(project);
    const { count } = call.query;
    const keys =
      count === undefined ? await keysOfBody(incoming) : await oldest(services, caller, project, count);
    return { count: await cancel(services, project, keys, caller.actor) };
  });

/** How many pending and running jobs were among the keys; unknown ones are passed over. */
async function cancel({ jobs }: Parts, project: number, keys: JobKey[], by: Actor): Promise<number> {
  return (await jobs.stop({ project, keys, strict: false }, { level: 1, by })).length;
}

/** `[{"key": "1/2/3"}, ...]` on one line; objects a line each are understood, too. */
async function keysOfBody(incoming: Incoming): Promise<JobKey[]> {
  return (await readTextLines(incoming)).flatMap((line) => {
    const value = parseStrict(line);
    return (Array.isArray(value) ? value : [value]).map((one) => {
      const text: unknown = typeof one === 'object' && one !== null ? (one as { key?: unknown }).key : one;
      const key = typeof text === 'string' ? readJobKey(text) : null;
      if (!key)
        throw new DomainError('invalid', 'invalid_keys', 'expected a list of {"key": "project/spider/job"}');
      return key;
    });
  });
}

/** Whatever waits goes before what runs, the oldest first. */
async function oldest(
  { queue, jobs }: Parts,
  caller: Caller,
  project: number,
  count: number,
): Promise<JobKey[]> {
  await caller.may(project, 'jobs.drain');
  const keys: JobKey[] = [];
  for (const state of ['pending', 'running'] as const) {
    const filter = { project, states: [state] };
    const length = await jobs.count(filter);
    const wanted = Math.min(count - keys.length, length);
    if (wanted <= 0) continue;
    const found = await queue.details(filter, { count: wanted, offset: length - wanted });
    keys.push(...found.map((job) => job.key).toReversed());
  }
  return keys;
}
