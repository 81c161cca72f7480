import {
  type DomainError,
  formatJobKey,
  type Job,
  type JobKey,
  type ReadRange,
  requestErrors,
  type StreamName,
} from '@spiderhub/core';
import { filterRows, firstRows, type Row, type Rows } from '@spiderhub/hub';
import type { Parts } from '../../../parts.ts';
import type { RecordQuery } from './query.ts';

/** Jobs looked up at a time when records of many jobs are read. */
const JOBS_PAGE = 500;

type Stored = Pick<Job, 'key' | 'attempt'>;

/** Where to begin: a record of one job, or of a later one. */
interface Start {
  /** The parameter that says so. */
  name: string;
  /** Null: of whichever job is read. */
  key: JobKey | null;
  from: number;
}

/** Records of one job, as the query wants them. */
export function rowsOfJob(services: Parts, stream: StreamName, job: Stored, query: RecordQuery): Rows {
  const start = startOf(query);
  if (start?.key && !isOf(start.key, job)) throw elsewhere(start, 'job');
  const range: ReadRange = { from: start?.from ?? 0 };
  const indexes = query.params.index.map(toIndex);
  const rows =
    indexes.length > 0 ? pick(services, stream, job, indexes) : read(services, stream, job, range, query);
  return narrowed(rows, query);
}

/** Records of all jobs of a spider or a project, by job and number. */
export function rowsOfJobs(
  services: Parts,
  stream: StreamName,
  { project, spider }: { project: number; spider: number | null },
  query: RecordQuery,
): Rows {
  const start = startOf(query);
  // A number alone is a place in each job: a client that pages by it would never come to an end.
  if (start && !start.key) throw requestErrors.invalid(start.name, EXPECTED);
  if (start?.key && start.key.project !== project) throw elsewhere(start, 'project');
  if (start?.key && spider !== null && start.key.spider !== spider) throw elsewhere(start, 'spider');
  async function* all(): AsyncGenerator<readonly Row[]> {
    for await (const job of jobsFrom(services, project, spider, start?.key ?? null)) {
      const range = { from: start?.key && isOf(start.key, job) ? start.from : 0 };
      yield* read(services, stream, job, range, query);
    }
  }
  return narrowed(all(), query);
}

function narrowed(rows: Rows, { tests, count }: RecordQuery): Rows {
  const wanted = tests.length > 0 ? filterRows(rows, tests) : rows;
  return count === undefined ? wanted : firstRows(wanted, count);
}

async function* read(
  { streams }: Parts,
  stream: StreamName,
  job: Stored,
  range: ReadRange,
  { since, until }: Pick<RecordQuery, 'since' | 'until'>,
): AsyncGenerator<readonly Row[]> {
  const prefix = `${formatJobKey(job.key)}/`;
  for await (const { first, ts, lines } of streams.read(
    { key: job.key, attempt: job.attempt, stream },
    range,
  )) {
    if ((since !== undefined && ts < since) || (until !== undefined && ts >= until)) continue;
    yield lines.map((line, i) => ({ line, key: prefix + (first + i), ts }));
  }
}

async function* pick(
  services: Parts,
  stream: StreamName,
  job: Stored,
  indexes: readonly number[],
): AsyncGenerator<readonly Row[]> {
  for (const index of indexes) yield* read(services, stream, job, { from: index, to: index + 1 }, ANY_TIME);
}

const ANY_TIME = { since: undefined, until: undefined };

async function* jobsFrom(
  { queue }: Parts,
  project: number,
  spider: number | null,
  first: JobKey | null,
): AsyncGenerator<Stored> {
  // `after` is exclusive, and the first job is wanted, too.
  let after = first && { ...first, job: first.job - 1 };
  for (;;) {
    const jobs: Job[] = await queue.byKey(project, spider, after, JOBS_PAGE);
    yield* jobs;
    const last = jobs.at(-1);
    if (!last || jobs.length < JOBS_PAGE) return;
    after = last.key;
  }
}

function isOf(key: JobKey, job: Stored): boolean {
  return formatJobKey(key) === formatJobKey(job.key);
}

function elsewhere({ name }: Start, what: 'job' | 'spider' | 'project'): DomainError {
  return requestErrors.invalid(name, `is a key of another ${what}`);
}

function startOf({ params }: RecordQuery): Start | null {
  const after = params.startafter;
  if (after !== undefined && after !== '') return readStart('startafter', after, 1);
  const start = params.start;
  return start === undefined || start === '' ? null : readStart('start', start, 0);
}

const EXPECTED = 'expected project/spider/job/number';
const RECORD_KEY = /^(?:(\d{1,9})\/(\d{1,9})\/(\d{1,9})\/)?(\d{1,15})$/;

/** `project/spider/job/number`, or the number alone. */
function readStart(name: string, text: string, offset: number): Start {
  const match = RECORD_KEY.exec(text);
  if (!match) throw requestErrors.invalid(name, EXPECTED);
  const [project, spider, job] = match.slice(1, 4).map(Number) as [number, number, number];
  const key = match[1] === undefined ? null : { project, spider, job };
  return { name, key, from: Number(match[4]) + offset };
}

function toIndex(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw requestErrors.invalid('index', 'expected a record number');
  return Number(text);
}
