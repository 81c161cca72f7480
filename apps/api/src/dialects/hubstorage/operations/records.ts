import type { IncomingHttpHeaders } from 'node:http';
import {
  formatJobKey,
  type JobDetails,
  type JobKey,
  jobErrors,
  readRawObject,
  requestErrors,
  type StreamName,
} from '@spiderhub/core';
import { hasMeta, NO_META } from '@spiderhub/hub';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import { StreamReply } from '../../../http/stream.ts';
import type { Parts } from '../../../parts.ts';
import { attachment, RECORD_TYPES, renderRows } from '../records/format.ts';
import { takeBatch } from '../records/intake.ts';
import { last, yes } from '../records/params.ts';
import { RecordParams, type RecordQuery, toRecordQuery } from '../records/query.ts';
import { rowsOfJob, rowsOfJobs } from '../records/streams.ts';
import { JSON_LINES, JSON_TEXT, PLAIN_TEXT } from '../replies.ts';
import { Index, JobPath, keyOf, ProjectPath, SpiderPath } from '../schema.ts';

const STREAMS: readonly StreamName[] = ['items', 'logs', 'requests', 'samples'];
const LOG_COLUMNS = ['time', 'level', 'message'];

const RecordPath = JobPath.extend({ index: Index });
/** Counts of hidden fields, too. */
const StatsParams = z.object({ all: yes });
/** Number of the first record. */
const WriteParams = z.object({ start: last });
const StreamCounts = z
  .object({
    counts: z.record(z.string(), z.int()),
    totals: z.object({ input_bytes: z.int(), input_values: z.int() }),
  })
  .meta({ id: 'HubstorageStreamCounts' });
const FieldPath = RecordPath.extend({ field: z.string() });

export function recordOperations(services: Parts): Operation[] {
  return STREAMS.flatMap((stream) => [
    readJob(services, stream),
    writeJob(services, stream),
    ...(stream === 'samples' ? [] : [readStats(services, stream)]),
    readOne(services, stream),
    readField(services, stream),
    readSpider(services, stream),
    readProject(services, stream),
  ]);
}

const readJob = (services: Parts, stream: StreamName) =>
  operation({
    method: 'get',
    path: `/${stream}/:project/:spider/:job`,
    summary: `Read ${stream} of a job`,
    action: `${stream}.read`,
    sends: RECORD_TYPES,
    params: JobPath,
    query: RecordParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    const key = keyOf(params);
    await caller.may(key);
    const query = toRecordQuery(call.query, headers);
    const job = await services.jobs.find(key);
    if (job && wantsAllAsStored(headers, query)) return storedReply(services, stream, job, query);
    return render(job ? rowsOfJob(services, stream, job, query) : nothing(), query, stream);
  });

const writeJob = (services: Parts, stream: StreamName) =>
  operation({
    method: 'post',
    path: `/${stream}/:project/:spider/:job`,
    summary: `Write ${stream} of a job`,
    action: `${stream}.write`,
    takes: JSON_LINES,
    sends: PLAIN_TEXT,
    params: JobPath,
    query: WriteParams,
  })(async (call) => {
    const { params, caller, incoming, headers } = call;
    const key = keyOf(params);
    await caller.may(key);
    const job = await existing(services, key);
    await takeBatch(services, incoming, { job, stream, start: startOf(call.query.start, headers) });
    return new TextReply('text/plain; charset=UTF-8', '');
  });

const readStats = (services: Parts, stream: StreamName) =>
  operation({
    method: 'get',
    path: `/${stream}/:project/:spider/:job/stats`,
    summary: `Counts of ${stream} of a job`,
    action: `${stream}.read`,
    reply: StreamCounts,
    params: JobPath,
    query: StatsParams,
  })(async (call) => {
    const { params, caller } = call;
    const key = keyOf(params);
    await caller.may(key);
    const job = await services.jobs.find(key);
    const stats = await services.streams.stats({ key, attempt: job?.attempt ?? 0, stream });
    const all = stream !== 'items' || call.query.all;
    const counts = Object.entries(stats.counts).filter(([name]) => all || !name.startsWith('_'));
    return {
      counts: Object.fromEntries(counts),
      totals: { input_bytes: stats.bytes, input_values: stats.records },
    };
  });

const readOne = (services: Parts, stream: StreamName) =>
  operation({
    method: 'get',
    path: `/${stream}/:project/:spider/:job/:index`,
    summary: `Read one of the ${stream} of a job`,
    action: `${stream}.read`,
    sends: RECORD_TYPES,
    params: RecordPath,
    query: RecordParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    const key = keyOf(params);
    await caller.may(key);
    const query = toRecordQuery(call.query, headers);
    const job = await services.jobs.find(key);
    const only = { ...query, params: { ...query.params, index: [String(params.index)] } };
    return render(job ? rowsOfJob(services, stream, job, only) : nothing(), query, stream);
  });

const readField = (services: Parts, stream: StreamName) =>
  operation({
    method: 'get',
    path: `/${stream}/:project/:spider/:job/:index/:field`,
    summary: `Read a field of one of the ${stream} of a job`,
    action: `${stream}.read`,
    sends: JSON_TEXT,
    params: FieldPath,
    query: RecordParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    const key = keyOf(params);
    await caller.may(key);
    const job = await services.jobs.find(key);
    const query = toRecordQuery(call.query, headers);
    const here = { start: undefined, startafter: undefined, index: [String(params.index)] };
    const only = { ...query, params: { ...query.params, ...here } };
    for await (const [row] of job ? rowsOfJob(services, stream, job, only) : nothing()) {
      const value = row && fieldOf(row.line, params.field);
      if (value) return new TextReply('application/json', `${value}\n`);
    }
    return new TextReply('application/json', '');
  });

const readSpider = (services: Parts, stream: StreamName) =>
  operation({
    method: 'get',
    path: `/${stream}/:project/:spider`,
    summary: `Read ${stream} of all jobs of a spider`,
    action: `${stream}.read`,
    sends: RECORD_TYPES,
    params: SpiderPath,
    query: RecordParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const query = toRecordQuery(call.query, headers);
    return render(rowsOfJobs(services, stream, params, query), query, stream);
  });

const readProject = (services: Parts, stream: StreamName) =>
  operation({
    method: 'get',
    path: `/${stream}/:project`,
    summary: `Read ${stream} of all jobs of a project`,
    action: `${stream}.read`,
    sends: RECORD_TYPES,
    params: ProjectPath,
    query: RecordParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const query = toRecordQuery(call.query, headers);
    return render(rowsOfJobs(services, stream, { ...params, spider: null }, query), query, stream);
  });

function render(rows: ReturnType<typeof rowsOfJob>, query: RecordQuery, stream: StreamName): StreamReply {
  const { format, params } = query;
  const meta = stream === 'samples' ? NO_META : query.meta;
  return renderRows(rows, { format, params, meta, ...(stream === 'logs' && { csvFields: LOG_COLUMNS }) });
}

async function* nothing(): AsyncGenerator<never> {}

const NARROWING = ['start', 'startafter', 'count', 'startts', 'endts'] as const;

/** A whole stream for a client that inflates it: what is stored can be sent as it lies. */
function wantsAllAsStored(
  headers: IncomingHttpHeaders,
  { format, meta, tests, params }: RecordQuery,
): boolean {
  if (format !== 'jl' || hasMeta(meta) || tests.length > 0) return false;
  if (params.index.length > 0 || NARROWING.some((name) => params[name] !== undefined)) return false;
  return acceptsGzip(headers);
}

function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const offers = String(headers['accept-encoding'] ?? '').split(',');
  return offers.some((offer) => /^\s*(x-)?gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(offer));
}

function storedReply(
  { streams }: Parts,
  stream: StreamName,
  job: JobDetails,
  { params }: RecordQuery,
): StreamReply {
  const source = streams.readGzip({ key: job.key, attempt: job.attempt, stream });
  return new StreamReply('application/x-jsonlines; charset=UTF-8', source, {
    headers: { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding', ...attachment(params.saveas) },
  });
}

async function existing({ jobs }: Parts, key: JobKey): Promise<JobDetails> {
  const job = await jobs.find(key);
  if (!job) throw jobErrors.notFound(formatJobKey(key));
  return job;
}

const CONTENT_RANGE = /^items (\d{1,15})-/;

/** Number of the first record; undefined: behind the last one. */
function startOf(asked: string | undefined, headers: IncomingHttpHeaders): number | undefined {
  const text = asked ?? CONTENT_RANGE.exec(headers['content-range'] ?? '')?.[1];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw requestErrors.invalid('start', 'expected a record number');
  return Number(text);
}

function fieldOf(line: Buffer, name: string): string | undefined {
  return readRawObject(line)?.get(name);
}
