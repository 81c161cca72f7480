import {
  JOB_STATES,
  type Job,
  type JobFilter,
  type JobKey,
  type JobState,
  parseJobKey,
  requestErrors,
} from '@spiderhub/core';
import type { Params } from '../../http/params.ts';
import type { Parts } from '../../parts.ts';
import { many, moment, one, wholeNumber } from './records/params.ts';
import { jobmetaLine, summaryLine } from './summary.ts';

/** The longest list without `count`, as on Scrapy Cloud. */
const DEFAULT_COUNT = 1000;
const PAGE = 500;

/** Which jobs a caller of `list` or `count` means: finished ones unless it says otherwise. */
export function toFilter(project: number, params: Params): JobFilter {
  const spiders = many(params, 'spider');
  const hasTag = many(params, 'has_tag');
  const lacksTag = many(params, 'lacks_tag');
  const keys = many(params, 'key').map((text) => parseJobKey(text, 'key'));
  const since = moment(params, 'startts');
  const until = moment(params, 'endts');
  return {
    project,
    states: toStates(many(params, 'state')),
    ...(keys.length > 0 && { keys }),
    ...(spiders.length > 0 && { spiders }),
    ...(hasTag.length > 0 && { hasTag }),
    ...(lacksTag.length > 0 && { lacksTag }),
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}

function toStates(texts: readonly string[]): JobState[] {
  const states = texts.map((text) => {
    const state = JOB_STATES.find((known) => known === text);
    if (!state) throw requestErrors.invalid('state', `expected one of ${JOB_STATES.join(', ')}`);
    return state;
  });
  return states.length > 0 ? states : ['finished'];
}

export interface ListOptions {
  filter: JobFilter;
  offset: number;
  count: number;
  /** Ends before this job, however many there are. */
  stop: JobKey | null;
  /** Metadata to show instead of the usual fields. */
  jobmeta: readonly string[];
}

export function toListOptions(project: number, params: Params): ListOptions {
  return {
    filter: toFilter(project, params),
    offset: wholeNumber(params, 'start') ?? 0,
    count: wholeNumber(params, 'count') ?? DEFAULT_COUNT,
    stop: stopOf(project, one(params, 'stop')),
    jobmeta: many(params, 'jobmeta'),
  };
}

function stopOf(project: number, text: string | undefined): JobKey | null {
  if (text === undefined || text === '') return null;
  const key = parseJobKey(text, 'stop');
  if (key.project !== project) throw requestErrors.invalid('stop', 'is a key of another project');
  return key;
}

/** Jobs newest first, one line each. */
export async function* listLines(services: Parts, options: ListOptions): AsyncGenerator<string> {
  const stop = options.stop && (await services.jobs.find(options.stop));
  let left = options.count;
  for (let { offset } = options; left > 0; offset += PAGE) {
    const page = { count: Math.min(left, PAGE), offset };
    const jobs = await pageLines(services, options, page);
    for (const { job, line } of jobs) {
      if (stop && isAtOrBehind(job, stop)) return;
      yield `${line}\n`;
    }
    left -= jobs.length;
    if (jobs.length < page.count) return;
  }
}

function isAtOrBehind(job: Job, stop: Job): boolean {
  const [at, limit] = [job.stateSince.getTime(), stop.stateSince.getTime()];
  return at < limit || (at === limit && job.id <= stop.id);
}

/** One page of jobs, newest first, with their lines. */
export async function pageLines(
  { jobs, queue, now }: Parts,
  { filter, jobmeta }: Pick<ListOptions, 'filter' | 'jobmeta'>,
  page: { count: number; offset: number },
): Promise<{ job: Job; line: string }[]> {
  if (jobmeta.length === 0) {
    const found = await jobs.page(filter, page);
    return found.map((job) => ({ job, line: summaryLine(job, now()) }));
  }
  const found = await queue.details(filter, page);
  return found.map((job) => ({ job, line: jobmetaLine(job, jobmeta, now()) }));
}
