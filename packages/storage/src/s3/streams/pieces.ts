import { crc32 } from 'node:zlib';
import {
  addRecord,
  emptyStats,
  mergeStats,
  type NewPiece,
  type RunningStats,
  type SegmentMember,
  type TailPiece,
  type Tally,
} from '@spiderhub/core';
import { deflateSegment, inflateSegment } from '../../gzip/segments.ts';
import { MEMBER_BYTES, type Pack, packRuns, unpackRuns } from '../../lines/packs.ts';
import { joinRun, linesOf, type Run } from '../../lines/runs.ts';

/** Shorter pieces stay as they are, bytes: compression would save next to nothing. */
const MIN_DEFLATED = 512;
/** Pieces from this size on go into an object as they are, bytes before compression. */
const LARGE_BYTES = MEMBER_BYTES / 2;

export function formatStats({ records, bytes, counts }: RunningStats): string {
  return JSON.stringify({ records, bytes, counts: [...counts] });
}

/** The sum of these. */
export function sumStats(texts: readonly string[]): RunningStats {
  const sum = emptyStats();
  for (const text of texts) {
    const part = JSON.parse(text) as RunningStats & { counts: [string, number][] };
    mergeStats(sum, { ...part, counts: new Map(part.counts) });
  }
  return sum;
}

/** Lines as pieces that count from 0, with what they add to the stats. */
export async function newPieces(
  lines: readonly Buffer[],
  tally: Tally,
  known?: RunningStats,
): Promise<NewPiece[]> {
  const packs = packRuns([joinRun(0, 0, lines)]);
  const pieces: NewPiece[] = [];
  for (const pack of packs) {
    const { arrivals: _, ...piece } = await toPiece(pack, tally, packs.length === 1 ? known : undefined);
    pieces.push(piece);
  }
  return pieces;
}

/** Runs as pieces for the tail. */
export async function tailPieces(runs: readonly Run[], tally: Tally): Promise<TailPiece[]> {
  const pieces: TailPiece[] = [];
  for (const pack of packRuns(runs)) pieces.push(await toPiece(pack, tally));
  return pieces;
}

async function toPiece(
  { first, count, raw, parts, ts }: Pack,
  tally: Tally,
  known?: RunningStats,
): Promise<TailPiece> {
  const bytes = Buffer.concat(parts, raw);
  const stats = formatStats(known ?? tallyOf([{ first, count, ts: 0, bytes }], tally));
  const isDeflated = raw >= MIN_DEFLATED;
  const { body, crc } = isDeflated ? await deflateSegment(bytes) : { body: bytes, crc: crc32(bytes) };
  return { first, count, raw, crc, isDeflated, bytes: body, stats, arrivals: ts };
}

export function tallyOf(runs: readonly Run[], tally: Tally): RunningStats {
  const stats = emptyStats();
  for (const run of runs) for (const line of linesOf(run)) addRecord(stats, tally(line));
  return stats;
}

/** The records of a piece, one run for each batch. Throws when its bytes are damaged. */
export async function runsOfPiece(piece: TailPiece): Promise<Run[]> {
  const { first, count, arrivals, bytes, isDeflated, raw, crc } = piece;
  if (!isDeflated && (bytes.length !== raw || crc32(bytes) !== crc))
    throw new Error('stored records are damaged');
  return unpackRuns(
    { first, count, ts: arrivals },
    isDeflated ? await inflateSegment(bytes, { crc, raw }) : bytes,
  );
}

/** The records of a member of an object. Throws when its bytes are damaged. */
export async function runsOfMember(
  { first, count, arrivals, raw, crc }: SegmentMember,
  body: Buffer,
): Promise<Run[]> {
  return unpackRuns({ first, count, ts: arrivals }, await inflateSegment(body, { crc, raw }));
}

export function isLarge({ isDeflated, raw }: TailPiece): boolean {
  return isDeflated && raw >= LARGE_BYTES;
}
