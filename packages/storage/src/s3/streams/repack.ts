import type { SegmentMember, StreamChange, StreamInObject } from '@spiderhub/core';
import { S3Error } from '../errors.ts';
import { extentsOf, type ObjectBody, packedName, place } from './body.ts';
import { spansRead } from './read.ts';
import type { Ground } from './roll.ts';

/**
 * Writes a packed object anew without what nothing names any more, when that is more than half of it and worth it. The old one
 * becomes garbage with the last stream that goes over; one that changes meanwhile stays with it. Whether it was done.
 */
export async function repackObject(ground: Ground, object: string, leastBytes: number): Promise<boolean> {
  const { index, objects } = ground;
  const streams = await index.upkeep.streamsIn(object);
  const [first] = streams;
  const sizeBytes = await sizeOf(ground, object);
  if (!first || sizeBytes < leastBytes || usedBytes(streams) * 2 >= sizeBytes) return false;
  const target = packedName(first.project);
  const body: ObjectBody = { parts: [], size: 0 };
  const moved = await copied(ground, object, streams, body);
  await index.announce(target);
  await objects.put(target, Buffer.concat(body.parts, body.size));
  const changes = streams.map((stream) => changeOf(stream, target, moved));
  return (await index.change(changes, target)).length > 0;
}

function usedBytes(streams: readonly StreamInObject[]): number {
  return streams.flatMap(({ extents }) => extents.flat()).reduce((sum, { length }) => sum + length, 0);
}

/** 0: it is not there, which is for whoever verifies. */
async function sizeOf({ objects }: Ground, object: string): Promise<number> {
  try {
    return (await objects.readPart(object, 0, 1)).size;
  } catch (error) {
    if (error instanceof S3Error && error.isMissing) return 0;
    throw error;
  }
}

/** Where each member of the old object lies in the new one. */
async function copied(
  { objects }: Ground,
  object: string,
  streams: readonly StreamInObject[],
  body: ObjectBody,
): Promise<Map<SegmentMember, SegmentMember>> {
  const members = streams.flatMap(({ extents }) => extents.flat()).sort((a, b) => a.offset - b.offset);
  const moved = new Map<SegmentMember, SegmentMember>();
  for await (const { span, bytes } of spansRead(objects, [{ object, members }], () => true)) {
    for (const member of span.members) {
      const start = member.offset - span.start;
      moved.set(member, place(body, member, bytes.subarray(start, start + member.length)));
    }
  }
  return moved;
}

/** Nothing of the stream changes but where it lies. */
function changeOf(
  { head, project, extents }: StreamInObject,
  target: string,
  moved: ReadonlyMap<SegmentMember, SegmentMember>,
): StreamChange {
  return {
    id: head.id,
    project,
    version: head.version,
    tailFrom: 0,
    tailTo: 0,
    addPieces: [],
    dropExtents: extents.map(([member]) => member?.first ?? 0),
    addExtents: extents.flatMap((members) =>
      extentsOf(
        target,
        members.map((member) => moved.get(member) ?? member),
      ),
    ),
    next: { membersEnd: head.membersEnd, baseStats: head.baseStats },
  };
}
