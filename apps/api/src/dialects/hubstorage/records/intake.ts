import {
  checkRecords,
  errorsIn,
  formatJobKey,
  type Job,
  type JobCounts,
  type StreamName,
  type StreamRef,
  type StreamStats,
} from '@spiderhub/core';
import { toRecord } from '@spiderhub/hub';
import type { Incoming } from '../../../http/incoming.ts';
import { gatherLines, type LineLimits, readLines } from '../../../http/lines.ts';
import type { Parts } from '../../../parts.ts';

/** The clients' own limit for one record. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** A batch of the largest writer, whole: 5000 records of the greatest size, and their line ends. */
export const MAX_BATCH_BYTES = 5001 * MAX_RECORD_BYTES;
export const RECORD_LIMITS = { maxLineBytes: MAX_RECORD_BYTES, maxBytes: MAX_BATCH_BYTES };
/**
 * So much of a batch is stored at a time. Up to this size a batch is stored as a whole, under one arrival time; above
 * it memory stays flat.
 */
const PIECE_BYTES = 8 * 1024 * 1024;

/** Stores a batch. When this resolves, it is durable. Records of a deleted job are read and dropped. */
export async function takeBatch(
  services: Parts,
  incoming: Incoming,
  { job, stream, start }: { job: Job; stream: StreamName; start: number | undefined },
): Promise<void> {
  const ref = { key: job.key, attempt: job.attempt, stream };
  const isDropped = job.state === 'deleted';
  const limit = isDropped ? null : await limitOf(services, ref);
  let next = start;
  for await (const lines of gatherLines(readLines(incoming, limitsOf(services, stream)), PIECE_BYTES)) {
    if (isDropped) continue;
    const now = services.now().getTime();
    const records = lines.map((line) => toRecord(stream, line, now));
    limit?.take(records.length, next);
    await services.streams.write(ref, records, next);
    if (next !== undefined) next += records.length;
  }
  if (isDropped)
    services.log.info({ job: formatJobKey(job.key), stream }, 'records of a deleted job were dropped');
  else await saveCounts(services, job, stream);
}

/** Throws `forbidden` for what may not be stored any more; null where as much may be stored as wants. */
async function limitOf({ limits, streams }: Parts, ref: StreamRef) {
  const { key, stream } = ref;
  await limits.files.check(key.project);
  const most = await limits.files.mostRecords(key.project, stream);
  if (most === null) return null;
  let { end } = await streams.stats(ref);
  return {
    /** Counts records that go to the end, or to `start`. */
    take(records: number, start = end): void {
      end = Math.max(end, start + records);
      checkRecords(key, stream, end, most);
    },
  };
}

/** Items may hold a whole page; all else keeps to the limit of its clients. */
function limitsOf({ maxItemBytes }: Parts, stream: StreamName): LineLimits {
  const maxLineBytes = stream === 'items' ? maxItemBytes : MAX_RECORD_BYTES;
  return { maxLineBytes, maxBytes: Math.max(MAX_BATCH_BYTES, 2 * maxLineBytes), what: `record of ${stream}` };
}

async function saveCounts({ streams, jobs }: Parts, job: Job, stream: StreamName): Promise<void> {
  if (stream === 'samples') return;
  const stats = await streams.stats({ key: job.key, attempt: job.attempt, stream });
  await jobs.saveCounts(job.id, job.attempt, countsOf(stream, stats));
}

function countsOf(stream: StreamName, { records, counts }: StreamStats): Partial<JobCounts> {
  if (stream === 'items') return { items: records };
  if (stream === 'requests') return { pages: records };
  return { logs: records, errors: errorsIn(counts) };
}
