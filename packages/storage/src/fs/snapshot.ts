import type { FileHandle } from 'node:fs/promises';
import {
  addRecord,
  copyStats,
  emptyStats,
  type ReadRange,
  type RecordBatch,
  type RunningStats,
  type Tally,
} from '@spiderhub/core';
import { addToSum, deflateSegment, GZIP_HEADER, type GzipSum, gzipTrailer } from '../gzip/segments.ts';
import { cutRun, linesOf, type Run } from '../lines/runs.ts';
import { fitToData, type IndexCache, type Member, memberAt, type StreamIndex } from './index-file.ts';
import { readMember } from './members.ts';
import type { StreamFiles } from './paths.ts';
import { openIfThere, readExactly } from './sync.ts';
import { NO_TAIL, readTail, type Tail } from './tail.ts';

const READ_BYTES = 256 * 1024;
/** Far more changes than a stream sees while three files are opened. */
const MAX_TRIES = 100;

/** A stream at one moment. Writers go on beside it: what it refers to is never changed in place. */
export interface Snapshot {
  index: StreamIndex;
  tail: Tail;
  /** False when there is no tail file. */
  hasTail: boolean;
  /** Open data file; null when there are no members. */
  data: FileHandle | null;
  close(): Promise<void>;
}

/**
 * Opens what the index names. A file that is missing means that the index changed meanwhile (then it is read again),
 * or that power was lost before everything was written (then the stream ends where its files do).
 */
export async function openSnapshot(files: StreamFiles, cache: IndexCache): Promise<Snapshot> {
  let index = await cache.load(files.index);
  for (let tries = 1; ; tries += 1) {
    const snapshot = await tryOpen(files, index);
    const isWhole = snapshot.hasTail && snapshot.index === index;
    if (isWhole || tries === MAX_TRIES) return snapshot;
    const now = await cache.load(files.index);
    if (now === index) return snapshot;
    await snapshot.close();
    index = now;
  }
}

async function tryOpen(files: StreamFiles, index: StreamIndex): Promise<Snapshot> {
  const data = index.members.length > 0 ? await openIfThere(files.data(index.data)) : null;
  try {
    const fitting = index.members.length > 0 ? fitToData(index, data ? (await data.stat()).size : 0) : index;
    const tail = await readTail(files.tail(fitting.generation, fitting.end));
    const close = async () => data?.close();
    return { index: fitting, tail: tail ?? NO_TAIL, hasTail: tail !== null, data, close };
  } catch (error) {
    await data?.close();
    throw error;
  }
}

/** Batches of the range in order; one member is in memory at a time. */
export async function* readBatches(
  snapshot: Snapshot,
  { from = 0, to }: ReadRange,
): AsyncGenerator<RecordBatch> {
  const end = to ?? Number.POSITIVE_INFINITY;
  for await (const run of readRuns(snapshot, from, end)) {
    yield { first: run.first, ts: run.ts, lines: linesOf(run) };
  }
}

/** Like `readBatches`, as runs. */
export async function* readRuns(snapshot: Snapshot, from: number, to: number): AsyncGenerator<Run> {
  const { members } = snapshot.index;
  for (let i = memberAt(snapshot.index, from); i < members.length; i += 1) {
    const member = members[i] as Member;
    if (member.first >= to) return;
    yield* within(await readMember(dataOf(snapshot), member), from, to);
  }
  yield* within(snapshot.tail.runs, from, to);
}

function* within(runs: readonly Run[], from: number, to: number): Generator<Run> {
  for (const run of runs) {
    const cut = cutRun(run, from, to);
    if (cut) yield cut;
  }
}

/** The open data file. Throws when members exist and the file does not. */
export function dataOf({ data }: Snapshot): FileHandle {
  if (!data) throw new Error('the data file of the stream is missing');
  return data;
}

/** The snapshot as one gzip stream: stored segments as they lie, the tail compressed on the way. */
export async function* readAsGzip(snapshot: Snapshot): AsyncGenerator<Buffer> {
  let sum: GzipSum = { crc: 0, raw: 0 };
  yield GZIP_HEADER;
  for (const span of spansOf(snapshot.index.members)) yield* readSpan(dataOf(snapshot), span);
  for (const member of snapshot.index.members) sum = addToSum(sum, member);
  for (const { bytes } of snapshot.tail.runs) {
    const { body, crc } = await deflateSegment(bytes);
    sum = addToSum(sum, { crc, raw: bytes.length });
    yield body;
  }
  yield gzipTrailer(sum);
}

interface Span {
  start: number;
  end: number;
}

/** Members that lie side by side are read as one. */
function spansOf(members: readonly Member[]): Span[] {
  const spans: Span[] = [];
  for (const { offset, length } of members) {
    const last = spans.at(-1);
    if (last?.end === offset) last.end += length;
    else spans.push({ start: offset, end: offset + length });
  }
  return spans;
}

async function* readSpan(data: FileHandle, { start, end }: Span): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += READ_BYTES) {
    yield await readExactly(data, at, Math.min(READ_BYTES, end - at));
  }
}

/** Stats through the last record of the snapshot. */
export async function statsOf(snapshot: Snapshot, tally: Tally): Promise<RunningStats> {
  return tallyAll(snapshot.tail.runs, tally, await baseOf(snapshot, tally));
}

/** Stats of the members. They are all read only when a loss of power took the line of the tail that says them. */
export async function baseOf(snapshot: Snapshot, tally: Tally): Promise<RunningStats> {
  const { base } = snapshot.tail;
  return base ? copyStats(base) : tallyAll(readRuns(snapshot, 0, snapshot.index.end), tally, emptyStats());
}

async function tallyAll(
  runs: AsyncIterable<Run> | Iterable<Run>,
  tally: Tally,
  stats: RunningStats,
): Promise<RunningStats> {
  for await (const run of runs) for (const line of linesOf(run)) addRecord(stats, tally(line));
  return stats;
}
