import { MAX_SETTINGS_BYTES, requestErrors, writeRawObject } from '@spiderhub/core';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { readObject } from '../body.ts';
import { last, wholeNumber, yes } from '../records/params.ts';
import { done, JSON_LINES, JSON_TEXT, lineStream, PLAIN_TEXT, rawJson } from '../replies.ts';
import { Name, ProjectPath, SpiderPath } from '../schema.ts';
import { summaryLine } from '../summary.ts';

const SettingPath = ProjectPath.extend({ key: z.string() });
const SpiderNamePath = ProjectPath.extend({ name: Name });

export function projectOperations(services: Parts): Operation[] {
  return [
    jobsummaries(services),
    jobsummary(services),
    readSettings(services),
    writeSettings(services),
    readSetting(services),
    removeSetting(services),
    spiderId(services),
    lastJobs(services, '/spiders/:project/lastjobsummary'),
    lastJobs(services, '/spiders/:project/:spider/lastjobsummary'),
  ];
}

const jobsummaries = (services: Parts) =>
  operation({
    method: 'get',
    path: '/projects/jobsummaries',
    summary: 'Queues of all projects that have jobs',
    action: 'jobs.read',
    sends: JSON_TEXT,
  })(async ({ caller }) => {
    const queues = await services.projects.busyQueues(caller.everywhere());
    const summaries = queues.map(({ project, pending, running, finished }) => ({
      project,
      pending,
      running,
      finished,
      has_capacity: true,
    }));
    return rawJson(JSON.stringify(summaries));
  });

const QueueCounts = z
  .object({
    project: z.int(),
    pending: z.int(),
    running: z.int(),
    finished: z.int(),
    running_units_count: z.int(),
    pending_units_max: z.null(),
    has_capacity: z.boolean(),
  })
  .meta({ id: 'HubstorageQueueCounts' });

const jobsummary = (services: Parts) =>
  operation({
    method: 'get',
    path: '/projects/:project/jobsummary',
    summary: 'Queues of a project',
    action: 'jobs.read',
    reply: QueueCounts,
    params: ProjectPath,
  })(async ({ params: { project }, caller }) => {
    await caller.may(project);
    const { runningUnits, ...queue } = await services.projects.queueCounts(project);
    return { ...queue, running_units_count: runningUnits, pending_units_max: null, has_capacity: true };
  });

const readSettings = (services: Parts) =>
  operation({
    method: 'get',
    path: '/projects/:project/settings',
    summary: 'Settings of a project',
    action: 'settings.read',
    sends: JSON_TEXT,
    params: ProjectPath,
  })(async ({ params: { project }, caller }) => {
    await caller.may(project);
    return rawJson(writeRawObject(await services.projects.settings(project)));
  });

const writeSettings = (services: Parts) =>
  operation({
    method: 'post',
    path: '/projects/:project/settings',
    summary: 'Set some settings of a project',
    action: 'settings.write',
    takes: JSON_TEXT,
    sends: PLAIN_TEXT,
    params: ProjectPath,
  })(async ({ params: { project }, caller, incoming }) => {
    await caller.may(project);
    await services.projects.changeSettings(
      caller.actor,
      project,
      await readObject(incoming, MAX_SETTINGS_BYTES),
      [],
    );
    return done('text/plain; charset=utf-8');
  });

const readSetting = (services: Parts) =>
  operation({
    method: 'get',
    path: '/projects/:project/settings/:key',
    summary: 'A setting of a project',
    action: 'settings.read',
    sends: JSON_TEXT,
    params: SettingPath,
  })(async ({ params: { project, key }, caller }) => {
    await caller.may(project);
    return rawJson((await services.projects.settings(project)).get(key) ?? 'null');
  });

const removeSetting = (services: Parts) =>
  operation({
    method: 'delete',
    path: '/projects/:project/settings/:key',
    summary: 'Remove a setting of a project',
    action: 'settings.write',
    sends: PLAIN_TEXT,
    params: SettingPath,
  })(async ({ params: { project, key }, caller }) => {
    await caller.may(project);
    await services.projects.changeSettings(caller.actor, project, new Map(), [key]);
    return done('text/plain; charset=utf-8');
  });

const spiderId = (services: Parts) =>
  operation({
    method: 'get',
    path: '/ids/:project/spider/:name',
    summary: "A spider's number",
    action: 'spiders.read',
    sends: JSON_TEXT,
    alsoAsks: ['spiders.write'],
    query: z.object({ create: yes }),
    params: SpiderNamePath,
  })(async (call) => {
    const {
      params: { project, name },
      caller,
    } = call;
    await caller.may(project);
    const create = call.query.create;
    if (create) await caller.may(project, 'spiders.write');
    const number = await services.versions.spiderNumber(project, name, create ? 'listed' : undefined);
    return rawJson(JSON.stringify(number));
  });

const LastJobsParams = z.object({ count: wholeNumber, start: wholeNumber, startafter: last });
const LastJobsPath = ProjectPath.extend({ spider: SpiderPath.shape.spider.optional() });

const lastJobs = (services: Parts, path: string) =>
  operation({
    method: 'get',
    path,
    summary: 'The last finished job of each spider',
    action: 'jobs.read',
    sends: JSON_LINES,
    params: LastJobsPath,
    query: LastJobsParams,
  })(async (call) => {
    const {
      params: { project, spider },
      caller,
    } = call;
    await caller.may(project);
    const { count, start, startafter } = call.query;
    const afterSpider = spiderOf(startafter, project);
    const found = await services.queue.lastFinished(project, {
      offset: start ?? 0,
      ...(spider !== undefined && { spider }),
      ...(afterSpider !== null && { afterSpider }),
      ...(count !== undefined && { count }),
    });
    return lineStream(linesOf(found.map((job) => summaryLine(job, services.now()))));
  });

async function* linesOf(all: readonly string[]): AsyncGenerator<string> {
  for (const line of all) yield `${line}\n`;
}

/** What comes before a spider's number, and behind it: its project, and a job's number. */
const SPIDER_KEY = /^(?:(\d+)\/)?(\d+)(?:\/\d+)?$/;
const MAX_SPIDER = 999_999_999;

/** The spider of `project/spider`, of a job's key, or a bare spider number; null when nothing is given. */
function spiderOf(text: string | undefined, project: number): number | null {
  if (text === undefined || text === '') return null;
  const match = SPIDER_KEY.exec(text);
  if (!match) throw requestErrors.invalid('startafter', "expected a spider's number or a job's key");
  if (match[1] !== undefined && Number(match[1]) !== project) {
    throw requestErrors.invalid('startafter', 'is a key of another project');
  }
  // Behind a number that no spider can have, there is nothing: starting over would never end.
  return Math.min(Number(match[2]), MAX_SPIDER);
}
