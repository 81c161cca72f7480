import {
  formatJobKey,
  type Job,
  type JobDetails,
  jobErrors,
  requestErrors,
  type StreamName,
  type StreamRef,
  type StreamStore,
} from '@spiderhub/core';
import { firstRows, type Row } from '@spiderhub/hub';
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

/** The selected records in the lists in which they lie. Reads no further than needed. */
export async function* selectRows(
  streams: StreamStore,
  ref: StreamRef,
  { offset, count }: Selection,
): AsyncGenerator<readonly Row[]> {
  const from = count !== undefined && count < 0 ? Math.max(0, (await streams.stats(ref)).end + count) : 0;
  const rows = allRows(streams, ref, from + offset);
  yield* count === undefined ? rows : firstRows(rows, Math.abs(count));
}

/** All records from number `from` on. */
export async function* allRows(
  streams: StreamStore,
  ref: StreamRef,
  from = 0,
): AsyncGenerator<readonly Row[]> {
  const prefix = `${formatJobKey(ref.key)}/`;
  for await (const { first, ts, lines } of streams.read(ref, { from })) {
    yield lines.map((line, i) => ({ line, key: prefix + (first + i), ts }));
  }
}
