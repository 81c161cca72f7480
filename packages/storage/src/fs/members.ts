import type { FileHandle } from 'node:fs/promises';
import { deflateSegment, inflateSegment } from '../gzip/segments.ts';
import { type Pack, unpackRuns } from '../lines/packs.ts';
import type { Run } from '../lines/runs.ts';
import type { Member } from './index-file.ts';
import { readExactly } from './sync.ts';

/** Compresses a pack; its member says that the bytes will lie at `offset`. */
export async function compressPack(pack: Pack, offset: number): Promise<{ member: Member; body: Buffer }> {
  const { first, count, raw, ts } = pack;
  const { body, crc } = await deflateSegment(Buffer.concat(pack.parts, raw));
  return { member: { first, count, offset, length: body.length, raw, crc, ts }, body };
}

/** The records of a member, one run for each batch they came in. Throws when the data file is damaged. */
export async function readMember(data: FileHandle, member: Member): Promise<Run[]> {
  const body = await readExactly(data, member.offset, member.length);
  const bytes = await inflateSegment(body, member);
  return unpackRuns(member, bytes);
}
