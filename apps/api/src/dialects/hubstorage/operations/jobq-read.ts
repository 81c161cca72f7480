import { type JobFilter, type JobState, parseJobKeysOf } from '@spiderhub/core';
import { z } from 'zod';
import { oneOf } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { FilterParams, ListParams, listLines, pageLines, toFilter, toListOptions } from '../list.ts';
import { formatOf } from '../records/format.ts';
import { many, wholeNumber } from '../records/params.ts';
import { JSON_LINES, JSON_TEXT, jsonArray, lineStream, lines, rawJson } from '../replies.ts';
import { Id, ProjectPath } from '../schema.ts';
import { jobmetaLine, summaryLine } from '../summary.ts';

const QUEUES = ['pending', 'running', 'finished'] as const;
/** Jobs that a summary names of each queue, unless it is told otherwise. */
const SUMMARY_COUNT = 5;
const MAX_SUMMARY_COUNT = 1000;

export function jobqReadOperations(services: Parts): Operation[] {
  return [
    list(services),
    count(services),
    jobsummary(services),
    ...['/jobq/:project/summary', '/jobq/:project/:spider/summary'].flatMap((path) => [
      summary(services, path),
      summary(services, `${path}/:state`),
    ]),
  ];
}

const list = (services: Parts) =>
  operation({
    method: 'get',
    path: '/jobq/:project/list',
    summary: 'Jobs, newest first',
    action: 'jobs.read',
    sends: [...JSON_LINES, ...JSON_TEXT],
    query: ListParams,
    params: ProjectPath,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const { query } = call;
    const jobs = listLines(services, toListOptions(params.project, query));
    return formatOf(query.format, headers.accept) === 'json' ? jsonArray(jobs) : lineStream(jobs);
  });

const count = (services: Parts) =>
  operation({
    method: 'get',
    path: '/jobq/:project/count',
    summary: 'Number of jobs',
    action: 'jobs.read',
    sends: JSON_TEXT,
    query: FilterParams,
    params: ProjectPath,
  })(async (call) => {
    const { params, caller } = call;
    await caller.may(params.project);
    return rawJson(String(await services.jobs.count(toFilter(params.project, call.query))));
  });

const ChosenParams = z.object({ key: many, jobmeta: many });

const jobsummary = (services: Parts) =>
  operation({
    method: 'get',
    path: '/jobq/:project/jobsummary',
    summary: 'Chosen jobs with chosen metadata',
    action: 'jobs.read',
    sends: JSON_LINES,
    query: ChosenParams,
    params: ProjectPath,
  })(async (call) => {
    const { params, caller } = call;
    await caller.may(params.project);
    const { jobmeta, key: keys } = call.query;
    const answer: string[] = [];
    for (const key of parseJobKeysOf(params.project, keys)) {
      const job = await services.jobs.find(key);
      const now = services.now();
      if (job) answer.push(jobmeta.length > 0 ? jobmetaLine(job, jobmeta, now) : summaryLine(job, now));
    }
    return lines(answer);
  });

const SummaryParams = z.object({ count: wholeNumber, start: wholeNumber, jobmeta: many });
const SummaryPath = z.object({ project: Id, spider: Id.optional(), state: oneOf(QUEUES).optional() });

const summary = (services: Parts, path: string) =>
  operation({
    method: 'get',
    path,
    summary: 'Lengths of the queues and their newest jobs',
    action: 'jobs.read',
    sends: JSON_LINES,
    query: SummaryParams,
    params: SummaryPath,
  })(async (call) => {
    const {
      params: { project, spider, state },
      caller,
    } = call;
    await caller.may(project);
    const { query } = call;
    const spiders = spider === undefined ? undefined : [await nameOf(services, project, spider)];
    const answer: string[] = [];
    for (const queue of state === undefined ? QUEUES : [state]) {
      answer.push(
        await queueLine(services, { project, states: [queue], ...(spiders && { spiders }) }, query),
      );
    }
    return lines(answer);
  });

async function queueLine(
  services: Parts,
  filter: JobFilter & { states: [JobState] },
  query: z.output<typeof SummaryParams>,
) {
  const page = {
    count: Math.min(query.count ?? SUMMARY_COUNT, MAX_SUMMARY_COUNT),
    offset: query.start ?? 0,
  };
  const found = await pageLines(services, { filter, jobmeta: query.jobmeta }, page);
  const length = await services.jobs.count(filter);
  return `{"name":"${filter.states[0]}","count":${length},"summary":[${found.map(({ line }) => line).join(',')}]}`;
}

/** A spider that does not exist has empty queues: a name that nobody has. */
async function nameOf({ versions }: Parts, project: number, spider: number): Promise<string> {
  return (await versions.spiderName(project, spider)) ?? '';
}
