import type { RunningStats } from '@spiderhub/core';
import { cutRun, endOf, type Run, skipLines } from '../lines/runs.ts';
import { openIfThere, readExactly } from './sync.ts';

const LF = 0x0a;
const HASH = 0x23;
/** `#<arrival, ms> <first record> <records> <bytes>`, with a `!` when the batch counts only as a whole. */
const MARKER = /^#(\d{1,16}) (\d{1,16}) (\d{1,16}) (\d{1,16})( !)?$/;

/** A batch in the tail. */
export interface TailRun extends Run {
  /** Acknowledged to a caller: there as a whole or not at all, and durable from then on. */
  acknowledged: boolean;
}

/** What a tail file holds: batches that are not compressed yet. */
export interface Tail {
  /** Stats of everything before the tail; null when the file does not say. */
  base: RunningStats | null;
  runs: TailRun[];
  /** False when something was cut off, so that nothing may be appended. */
  whole: boolean;
  /** Size of the file, bytes. */
  bytes: number;
}

export const NO_TAIL: Tail = { base: null, runs: [], whole: true, bytes: 0 };

export function formatMarker(run: Run, acknowledged: boolean): Buffer {
  return Buffer.from(`#${run.ts} ${run.first} ${run.count} ${run.bytes.length}${acknowledged ? ' !' : ''}\n`);
}

/** First line of a tail that follows members. */
export function formatBase({ records, bytes, counts }: RunningStats): Buffer {
  return Buffer.from(`#${JSON.stringify({ records, bytes, counts: [...counts] })}\n`);
}

export function formatTail(base: RunningStats | null, runs: readonly TailRun[]): Buffer {
  const parts = base ? [formatBase(base)] : [];
  for (const run of runs) parts.push(formatMarker(run, run.acknowledged), run.bytes);
  return Buffer.concat(parts);
}

/** Null when there is no such file. */
export async function readTail(file: string): Promise<Tail | null> {
  const handle = await openIfThere(file);
  if (!handle) return null;
  try {
    const { size } = await handle.stat();
    return parseTail(await readExactly(handle, 0, size));
  } finally {
    await handle.close();
  }
}

/**
 * Reads a tail that may end anywhere, as its writer may be at work or dead. Each marker says how many lines follow,
 * so lines may hold anything but line ends. Of a cut batch the whole lines count, unless it was to be acknowledged.
 */
export function parseTail(bytes: Buffer): Tail {
  const baseEnd = isBase(bytes) ? bytes.indexOf(LF) + 1 : 0;
  const tail: Tail = { base: readBase(bytes, baseEnd), runs: [], whole: true, bytes: bytes.length };
  let at = baseEnd;
  while (at < bytes.length) {
    const batch = readBatch(bytes, at);
    if (batch?.run) tail.runs.push(batch.run);
    if (!batch?.whole) return { ...tail, whole: false };
    at = batch.end;
  }
  return tail;
}

function isBase(bytes: Buffer): boolean {
  return bytes[0] === HASH && bytes[1] === 0x7b;
}

function readBase(bytes: Buffer, end: number): RunningStats | null {
  if (end === 0) return null;
  const base = JSON.parse(bytes.toString('utf8', 1, end)) as RunningStats & { counts: [string, number][] };
  return { ...base, counts: new Map(base.counts) };
}

interface Batch {
  run: TailRun | null;
  whole: boolean;
  end: number;
}

function readBatch(bytes: Buffer, at: number): Batch | null {
  const lineEnd = bytes.indexOf(LF, at);
  const marker = lineEnd === -1 ? null : MARKER.exec(bytes.toString('latin1', at, lineEnd));
  if (!marker) return null;
  const [ts, first, count, size] = marker.slice(1, 5).map(Number) as [number, number, number, number];
  const end = lineEnd + 1 + size;
  const run = {
    first,
    count,
    ts,
    bytes: bytes.subarray(lineEnd + 1, end),
    acknowledged: marker[5] !== undefined,
  };
  return end <= bytes.length ? { run, whole: true, end } : { run: wholeLines(run), whole: false, end };
}

function wholeLines(run: TailRun): TailRun | null {
  if (run.acknowledged) return null;
  let count = 0;
  for (let at = skipLines(run.bytes, 0, 1); at !== -1; at = skipLines(run.bytes, at, 1)) count += 1;
  if (count === 0) return null;
  return { ...run, count, bytes: run.bytes.subarray(0, skipLines(run.bytes, 0, count)) };
}

/** Where the next record goes. */
export function tailEnd(tail: Tail, start: number): number {
  const last = tail.runs.at(-1);
  return last ? endOf(last) : start;
}

/** Latest arrival, 0 when there is none. */
export function tailTs(runs: readonly TailRun[]): number {
  return runs.reduce((latest, { ts }) => Math.max(latest, ts), 0);
}

/** Bytes of the records. */
export function tailSize(runs: readonly TailRun[]): number {
  return runs.reduce((size, { bytes }) => size + bytes.length, 0);
}

/** The runs, in order, with `run` in place of whatever had its numbers. */
export function replaceTailRun(runs: readonly TailRun[], run: TailRun): TailRun[] {
  return [...cutTail(runs, 0, run.first), run, ...cutTail(runs, endOf(run), Number.POSITIVE_INFINITY)];
}

/** What was promised of a batch holds for its parts. */
function cutTail(runs: readonly TailRun[], from: number, to: number): TailRun[] {
  return runs.flatMap((run) => {
    const cut = cutRun(run, from, to);
    return cut ? [{ ...cut, acknowledged: run.acknowledged }] : [];
  });
}
