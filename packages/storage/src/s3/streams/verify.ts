import type { SegmentIndex, SegmentMember } from '@spiderhub/core';
import { inflateSegment } from '../../gzip/segments.ts';
import { S3Error } from '../errors.ts';
import type { Objects } from '../objects.ts';
import { STREAMS } from './body.ts';

export interface VerifyOptions {
  index: SegmentIndex;
  objects: Objects;
  /** Removes objects that nothing names. */
  fix: boolean;
  /** Younger objects may be about to be named, ms. */
  olderMs: number;
  /** Hears of each finding, in words for people. */
  onFound: (words: string) => void;
}

export interface Verified {
  /** Pieces of streams that were read and compared with their checksums. */
  members: number;
  /** Pieces that are not what was stored. */
  broken: number;
  /** Pieces whose object is gone or too short. */
  missing: number;
  /** Objects that nothing names. */
  orphans: number;
  removed: number;
}

const ROWS = 200;
const LISTED = 1000;

/** Reads everything that the index names, and looks for what it does not name. */
export async function verifySegments(options: VerifyOptions): Promise<Verified> {
  const found: Verified = { members: 0, broken: 0, missing: 0, orphans: 0, removed: 0 };
  for (let after = 0; ; ) {
    const extents = await options.index.upkeep.extents(after, ROWS);
    for (const { object, members } of extents) await verifyMembers(options, object, members, found);
    if (extents.length < ROWS) break;
    after = extents.at(-1)?.id ?? after;
  }
  let page: string[] = [];
  for await (const { key, changed } of options.objects.list(STREAMS)) {
    if (changed <= Date.now() - options.olderMs) page.push(key);
    if (page.length < LISTED) continue;
    await removeOrphans(options, page, found);
    page = [];
  }
  await removeOrphans(options, page, found);
  return found;
}

async function verifyMembers(
  { index, objects, onFound }: VerifyOptions,
  object: string,
  members: readonly SegmentMember[],
  found: Verified,
): Promise<void> {
  for (const { first, count, offset, length, raw, crc } of members) {
    found.members += 1;
    try {
      await inflateSegment(await objects.read(object, offset, offset + length), { crc, raw });
    } catch (error) {
      const isMissing = error instanceof S3Error && (error.isMissing || [206, 416].includes(error.status));
      if (error instanceof S3Error && !isMissing) throw error;
      // It may have been replaced or removed since its row was read.
      if (!(await index.upkeep.known([object])).has(object)) continue;
      found[isMissing ? 'missing' : 'broken'] += 1;
      onFound(`${object}: records ${first} to ${first + count - 1} are ${isMissing ? 'gone' : 'damaged'}`);
    }
  }
}

async function removeOrphans(
  { index, objects, fix, onFound }: VerifyOptions,
  keys: readonly string[],
  found: Verified,
): Promise<void> {
  const known = await index.upkeep.known(keys);
  const orphans = keys.filter((key) => !known.has(key));
  found.orphans += orphans.length;
  for (const key of orphans) onFound(`${key}: nothing names this object${fix ? ', it is removed' : ''}`);
  if (!fix || orphans.length === 0) return;
  await objects.remove(orphans);
  found.removed += orphans.length;
}
