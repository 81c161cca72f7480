import { randomUUID } from 'node:crypto';
import type { Extent, SegmentMember, StreamRef, TailPiece } from '@spiderhub/core';
import { deflateSegment } from '../../gzip/segments.ts';
import { packRuns } from '../../lines/packs.ts';
import type { Run } from '../../lines/runs.ts';
import { isLarge, runsOfPiece } from './pieces.ts';

/** Where the objects of streams lie. */
export const STREAMS = 'streams/';
/** Members of one row of the index: a range of records costs few rows, and a row stays small. */
const MEMBERS_OF_EXTENT = 16;

/** Random, so that whoever tries again never writes over what somebody reads. */
export function objectName({ key, attempt, stream }: StreamRef, first: number): string {
  return `${STREAMS}${key.project}/${key.spider}/${key.job}/${attempt}/${stream}/${first}-${randomUUID()}`;
}

export function packedName(project: number): string {
  return `${STREAMS}${project}/packed/${new Date().toISOString().slice(0, 10)}/${randomUUID()}`;
}

/** The bytes of an object in the making. */
export interface ObjectBody {
  parts: Buffer[];
  size: number;
}

/** Adds records to an object. */
export async function addRuns(body: ObjectBody, runs: readonly Run[]): Promise<SegmentMember[]> {
  const members: SegmentMember[] = [];
  for (const { first, count, raw, parts, ts } of packRuns(runs)) {
    const segment = await deflateSegment(Buffer.concat(parts, raw));
    members.push(place(body, { first, count, raw, crc: segment.crc, arrivals: ts }, segment.body));
  }
  return members;
}

/** Adds a tail to an object: large pieces as they are, small ones joined. Throws when one is damaged, and adds nothing then. */
export async function addTail(body: ObjectBody, tail: readonly TailPiece[]): Promise<SegmentMember[]> {
  const added: ObjectBody = { parts: [], size: body.size };
  const members = await membersOf(added, tail);
  body.parts.push(...added.parts);
  body.size = added.size;
  return members;
}

async function membersOf(body: ObjectBody, tail: readonly TailPiece[]): Promise<SegmentMember[]> {
  const members: SegmentMember[] = [];
  let small: Run[] = [];
  for (const piece of tail) {
    if (!isLarge(piece)) {
      small.push(...(await runsOfPiece(piece)));
      continue;
    }
    members.push(...(await addRuns(body, small)), place(body, piece, piece.bytes));
    small = [];
  }
  members.push(...(await addRuns(body, small)));
  return members;
}

/** Puts bytes at the end of an object. */
export function place(
  body: ObjectBody,
  { first, count, raw, crc, arrivals }: Omit<SegmentMember, 'offset' | 'length'>,
  bytes: Buffer,
): SegmentMember {
  const offset = body.size;
  body.parts.push(bytes);
  body.size += bytes.length;
  return { first, count, offset, length: bytes.length, raw, crc, arrivals };
}

/** Members of one object, so many to an extent. */
export function extentsOf(object: string, members: readonly SegmentMember[]): Extent[] {
  const extents: Extent[] = [];
  for (let at = 0; at < members.length; at += MEMBERS_OF_EXTENT)
    extents.push({ object, members: members.slice(at, at + MEMBERS_OF_EXTENT) });
  return extents;
}
