import {
  JOB_STATES,
  type Job,
  type JobFilter,
  type JobKey,
  type JobState,
  parseJobKey,
  requestErrors,
} from '@spiderhub/core';
import { jobFilter } from '@spiderhub/hub';
import { z } from 'zod';
import type { Parts } from '../../parts.ts';
import { FormatParam } from './records/format.ts';
import { many, moment, valueFrom, wholeNumber } from './records/params.ts';
import { jobmetaLine, summaryLine } from './summary.ts';

/** The longest list without `count`, as on Scrapy Cloud. */
const DEFAULT_COUNT = 1000;
const PAGE = 500;

const states = many.transform((texts, context): JobState[] => {
  const known = JOB_STATES.filter((state) => texts.includes(state));
  const strange = texts.find((text) => !known.some((state) => state === text));
  if (strange === undefined) return texts.length > 0 ? (texts as JobState[]) : ['finished'];
  context.issues.push({
    code: 'custom',
    message: `expected one of ${JOB_STATES.join(', ')}`,
    input: strange,
  });
  return z.NEVER;
});

const filterFields = {
  spider: many,
  has_tag: many,
  lacks_tag: many,
  key: many.transform((texts) => texts.map((text) => parseJobKey(text, 'key'))),
  startts: moment,
  endts: moment,
  /** Finished ones unless it says otherwise. */
  state: states,
};

/** Which jobs a caller of `count` means. */
export const FilterParams = z.object(filterFields).meta({ id: 'HubstorageJobFilter' });

/** Which jobs a caller of `list` means, and what of them. */
export const ListParams = z
  .object({
    ...filterFields,
    start: wholeNumber,
    count: wholeNumber,
    /** Ends before this job, however many there are. */
    stop: valueFrom('the key of a job', (text) => parseJobKey(text, 'stop')),
    /** Metadata to show instead of the usual fields. */
    jobmeta: many,
    /** One array, or else a line for each job. */
    format: FormatParam,
  })
  .meta({ id: 'HubstorageJobList' });

export function toFilter(project: number, params: z.output<typeof FilterParams>): JobFilter {
  return jobFilter({
    project,
    states: params.state,
    keys: params.key,
    spiders: params.spider,
    hasTag: params.has_tag,
    lacksTag: params.lacks_tag,
    since: params.startts === undefined ? undefined : new Date(params.startts),
    until: params.endts === undefined ? undefined : new Date(params.endts),
  });
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

/** Throws `invalid` for a key of another project. */
export function toListOptions(project: number, params: z.output<typeof ListParams>): ListOptions {
  const { start, count, stop, jobmeta } = params;
  if (stop && stop.project !== project) throw requestErrors.invalid('stop', 'is a key of another project');
  return {
    filter: toFilter(project, params),
    offset: start ?? 0,
    count: count ?? DEFAULT_COUNT,
    stop: stop ?? null,
    jobmeta,
  };
}

/** Jobs newest first, one line each. */
export async function* listLines(services: Parts, options: ListOptions): AsyncGenerator<string> {
  const found = options.stop && (await services.jobs.find(options.stop));
  const stop = found && placeOf(found, options.filter.states ?? JOB_STATES);
  for await (const jobs of pagesOf(services, options)) {
    for (const { job, line } of jobs) {
      if (stop && isAtOrBehind(job, stop)) return;
      yield `${line}\n`;
    }
  }
}

/** Of more than one page it is said first which jobs they hold: others finish and are tagged while this list is read. */
async function* pagesOf(
  services: Parts,
  { filter, jobmeta, count, offset }: ListOptions,
): AsyncGenerator<{ job: Job; line: string }[]> {
  if (count === 0) return;
  if (count <= PAGE) {
    yield await pageLines(services, { filter, jobmeta }, { count, offset });
    return;
  }
  for await (const keys of await services.jobs.keys(filter, { count, offset })) {
    const page = { count: keys.length, offset: 0 };
    yield await pageLines(services, { filter: { ...filter, keys }, jobmeta }, page);
  }
}

interface Place {
  id: number;
  since: Date;
}

/**
 * Where a job stands among those in these states, or stood before it left them: it may have been deleted or started again
 * since a caller saw it, and the jobs that came after it then are still the ones that are meant. Null if it never was there.
 */
function placeOf(job: Job, states: readonly JobState[]): Place | null {
  if (states.includes(job.state)) return { id: job.id, since: job.stateSince };
  const entered = {
    pending: job.pendingAt,
    running: job.runningAt,
    finished: job.finishedAt,
    deleted: job.deletedAt,
  };
  const times = states.flatMap((state) => entered[state] ?? []).toSorted((a, b) => a.getTime() - b.getTime());
  const since = times.at(-1);
  return since ? { id: job.id, since } : null;
}

function isAtOrBehind(job: Job, stop: Place): boolean {
  const [at, limit] = [job.stateSince.getTime(), stop.since.getTime()];
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
  // Whoever asks by tags wants to see them, whatever else is named.
  const names = filter.hasTag || filter.lacksTag ? [...jobmeta, 'tags'] : jobmeta;
  return found.map((job) => ({ job, line: jobmetaLine(job, names, now()) }));
}
