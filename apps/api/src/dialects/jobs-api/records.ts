import {
  formatJobKey,
  type Job,
  type JobDetails,
  jobErrors,
  type RecordBatch,
  requestErrors,
  type StreamName,
  type StreamRef,
  type StreamStore,
} from '@spiderhub/core';
import { z } from 'zod';
import { integer, Text } from '../../http/fields.ts';
import type { Parts } from '../../parts.ts';
import { ProjectId } from './schema.ts';

/** Which records of which job. */
export const recordFields = {
  project: ProjectId,
  job: Text.optional(),
  /** Instead of `job`: the last finished job of this spider. */
  spider: Text.optional(),
  offset: integer(0, 999_999_999).default(0),
  /** Negative: the last ones. */
  count: integer(-999_999_999, 999_999_999).optional(),
};

const RecordQuery = z.object(recordFields);
export type RecordQuery = z.output<typeof RecordQuery>;

export function refOf(job: Job, stream: StreamName): StreamRef {
  return { key: job.key, attempt: job.attempt, stream };
}

/** The job that a query means. Throws `not_found`, also for a job of another project. */
export async function jobOf(
  { jobs }: Parts,
  query: RecordQuery,
  parse: (text: string) => Job['key'],
): Promise<Job> {
  if (query.job !== undefined) {
    const key = parse(query.job);
    const job: JobDetails | null = key.project === query.project ? await jobs.find(key) : null;
    if (!job || job.state === 'deleted') throw jobErrors.notFound(formatJobKey(key));
    return job;
  }
  if (query.spider === undefined) throw requestErrors.invalid('job', 'is required');
  const filter = { project: query.project, spiders: [query.spider], states: ['finished' as const] };
  const [last] = await jobs.page(filter, { count: 1, offset: 0 });
  if (!last) throw jobErrors.notFound(`of spider ${query.spider}`);
  return last;
}

export interface Selection {
  offset: number;
  count?: number | undefined;
}

/** The selected records in the batches in which they lie. Reads no further than needed. */
export async function* selectBatches(
  streams: StreamStore,
  ref: StreamRef,
  { offset, count }: Selection,
): AsyncGenerator<RecordBatch> {
  const from = count !== undefined && count < 0 ? Math.max(0, (await streams.stats(ref)).end + count) : 0;
  let left = count === undefined ? Number.POSITIVE_INFINITY : Math.abs(count);
  if (left === 0) return;
  for await (const batch of streams.read(ref, { from: from + offset })) {
    yield batch.lines.length <= left ? batch : { ...batch, lines: batch.lines.slice(0, left) };
    left -= batch.lines.length;
    if (left <= 0) return;
  }
}

const CLOSE_BRACE = 0x7d;
const OPEN_BRACE = 0x7b;

/** Adds fields (JSON text, `"a":1,"b":2`) to the end of a raw object, which is not parsed: its bytes stay as they are. */
export function appendFields(line: Buffer, fields: string): Buffer {
  const end = line.lastIndexOf(CLOSE_BRACE);
  if (fields === '' || end < 0) return line;
  const isEmpty = line.subarray(line.indexOf(OPEN_BRACE) + 1, end).every((byte) => byte <= 0x20);
  return Buffer.concat([
    line.subarray(0, end),
    Buffer.from(isEmpty ? fields : `,${fields}`),
    line.subarray(end),
  ]);
}

const NEWLINE = Buffer.from('\n');

/** Records as JSON lines. */
export async function* asLines(batches: AsyncIterable<Buffer[]>): AsyncGenerator<Buffer> {
  for await (const lines of batches) yield Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
}

/** Records as one JSON array, written as it goes. */
export async function* asArray(batches: AsyncIterable<Buffer[]>): AsyncGenerator<Buffer | string> {
  let before = '[';
  for await (const lines of batches) {
    if (lines.length === 0) continue;
    const separators = lines.map((line, i) => [Buffer.from(i === 0 ? before : ',\n'), line]);
    before = ',\n';
    yield Buffer.concat(separators.flat());
  }
  yield before === '[' ? '[]' : ']';
}
