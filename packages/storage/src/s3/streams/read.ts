import type { Extent, SegmentMember, StreamPicture, StreamRef, TailPiece } from '@spiderhub/core';
import { addToSum, deflateSegment, GZIP_HEADER, type GzipSum, gzipTrailer } from '../../gzip/segments.ts';
import { cutRuns, endOf, type Run } from '../../lines/runs.ts';
import type { Flow } from '../flow.ts';
import type { Objects } from '../objects.ts';
import { runsOfMember, runsOfPiece } from './pieces.ts';
import type { Ground } from './roll.ts';

/** What one GET asks for at first, and at most, bytes; a larger member is asked for alone. */
const SPAN_BYTES = 2 ** 20;
const LARGEST_SPAN_BYTES = 4 * 2 ** 20;
/** So many readers of a process get large ones at once: together they hold 96 MiB. */
const MOST_LARGE = 8;
/** A tail has several times as many only after S3 was away for hours, bytes. */
const TAIL_BYTES = 16 * 2 ** 20;
const END = Number.MAX_SAFE_INTEGER;
/** GETs on their way while the bytes of one are worked on, and while those of one are passed on. */
const AHEAD = 3;
const AHEAD_OF_GZIP = 2;

/** Members that lie side by side in an object. */
interface Span {
  object: string;
  start: number;
  end: number;
  members: SegmentMember[];
}

/** The records of a range, in order. A few members are in memory at a time, and no more of a long tail than is good. */
export async function* readStream(
  { index, objects }: Ground,
  ref: StreamRef,
  from: number,
  to: number,
): AsyncGenerator<Run> {
  for (let next: number | null = from; next !== null; ) {
    const picture: StreamPicture | null = await index.picture(ref, next, to, TAIL_BYTES);
    if (!picture) return;
    yield* readRuns(objects, picture, next, to);
    next = cutAt(picture, to);
  }
}

/** Where the tail of a picture was cut off; null when it was not. */
function cutAt({ head, tail }: StreamPicture, to: number): number | null {
  const last = tail.at(-1);
  return last && endOf(last) < Math.min(to, head.end) ? endOf(last) : null;
}

/** The records of a picture. */
export async function* readRuns(
  objects: Objects,
  { extents, tail }: StreamPicture,
  from: number,
  to: number,
): AsyncGenerator<Run> {
  const isWanted = (member: SegmentMember) => member.first < to && endOf(member) > from;
  for await (const { span, bytes } of spansRead(objects, extents, isWanted)) {
    for (const member of span.members) {
      const start = member.offset - span.start;
      yield* cutRuns(await runsOfMember(member, bytes.subarray(start, start + member.length)), from, to);
    }
  }
  for (const piece of tail) yield* cutRuns(await runsOfPiece(piece), from, to);
}

/** All records as one gzip stream: members as they lie, the tail compressed where it is not. */
export async function* readAsGzip(ground: Ground, ref: StreamRef): AsyncGenerator<Buffer> {
  const picture = await ground.index.picture(ref, 0, END, TAIL_BYTES);
  let sum: GzipSum = { crc: 0, raw: 0 };
  yield GZIP_HEADER;
  for (const { span, flow } of spansFlowing(ground.objects, picture?.extents ?? [])) {
    for (const member of span.members) sum = addToSum(sum, member);
    yield* flow.chunks;
  }
  for (const { raw, crc, bytes } of await deflated(picture?.tail ?? [])) {
    sum = addToSum(sum, { crc, raw });
    yield bytes;
  }
  const next = picture && cutAt(picture, END);
  // What was behind the cut may lie otherwise by now.
  for await (const { bytes } of next === null ? [] : readStream(ground, ref, next, END)) {
    const { body, crc } = await deflateSegment(bytes);
    sum = addToSum(sum, { crc, raw: bytes.length });
    yield body;
  }
  yield gzipTrailer(sum);
}

/** Pieces that are lines are compressed together. */
async function deflated(tail: readonly TailPiece[]): Promise<Pick<TailPiece, 'raw' | 'crc' | 'bytes'>[]> {
  const segments: Pick<TailPiece, 'raw' | 'crc' | 'bytes'>[] = [];
  let lines: Buffer[] = [];
  async function endLines(): Promise<void> {
    if (lines.length === 0) return;
    const raw = Buffer.concat(lines);
    lines = [];
    const { body, crc } = await deflateSegment(raw);
    segments.push({ raw: raw.length, crc, bytes: body });
  }
  for (const piece of tail) {
    if (piece.isDeflated) {
      await endLines();
      segments.push(piece);
    } else lines.push(piece.bytes);
  }
  await endLines();
  return segments;
}

/** No span is larger than the limit is when it is asked for. */
function* spansOf(
  extents: readonly Extent[],
  isWanted: (member: SegmentMember) => boolean,
  limit: { readonly bytes: number },
): Generator<Span> {
  let span = null as Span | null;
  for (const { object, members } of extents) {
    for (const member of members.filter(isWanted)) {
      const fits =
        span?.object === object &&
        span.end === member.offset &&
        member.offset + member.length - span.start <= limit.bytes;
      if (span && fits) {
        span.end += member.length;
        span.members.push(member);
        continue;
      }
      if (span) yield span;
      span = { object, start: member.offset, end: member.offset + member.length, members: [member] };
    }
  }
  if (span) yield span;
}

interface ReadSpan {
  span: Span;
  bytes: Buffer;
}

/** Each span with its bytes. */
export async function* spansRead(
  objects: Objects,
  extents: readonly Extent[],
  isWanted: (member: SegmentMember) => boolean,
): AsyncGenerator<ReadSpan> {
  function read(span: Span): Promise<ReadSpan> {
    const reading = objects.read(span.object, span.start, span.end).then((bytes) => ({ span, bytes }));
    // It may fail after the reader has left.
    reading.catch(() => undefined);
    return reading;
  }
  const spans = spansOf(extents, isWanted, { bytes: SPAN_BYTES });
  for (const reading of begunAhead(spans, AHEAD, read)) yield await reading;
}

/** Readers of this process that may get them now. */
let withLargeSpans = 0;

/**
 * Each span with its bytes as they come. Who is there before they are is faster than S3 and gets larger spans, which cost
 * less each; who is slower holds little memory.
 */
function* spansFlowing(objects: Objects, extents: readonly Extent[]): Generator<{ span: Span; flow: Flow }> {
  const limit = { bytes: SPAN_BYTES };
  const spans = spansOf(extents, () => true, limit);
  const flows = begunAhead(spans, AHEAD_OF_GZIP, (span) => ({
    span,
    flow: objects.flow(span.object, span.start, span.end),
  }));
  const isOneOfFew = withLargeSpans < MOST_LARGE;
  if (isOneOfFew) withLargeSpans += 1;
  try {
    for (const { span, flow } of flows) {
      if (isOneOfFew && !flow.isWhole) limit.bytes = Math.min(2 * limit.bytes, LARGEST_SPAN_BYTES);
      yield { span, flow };
    }
  } finally {
    if (isOneOfFew) withLargeSpans -= 1;
  }
}

/** What was begun for each, in order, while so many of the next are begun already. */
function* begunAhead<In, Out>(
  all: Iterator<In, unknown>,
  count: number,
  begin: (each: In) => Out,
): Generator<Out> {
  const begun: Out[] = [];
  for (;;) {
    while (begun.length <= count) {
      const next = all.next();
      if (next.done) break;
      begun.push(begin(next.value));
    }
    const first = begun.shift();
    if (first === undefined) return;
    yield first;
  }
}
