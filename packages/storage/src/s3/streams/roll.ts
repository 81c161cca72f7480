import type { SegmentIndex, SegmentMember, StreamHead, StreamRef, TailPiece, Tally } from '@spiderhub/core';
import { MEMBER_BYTES } from '../../lines/packs.ts';
import { endOf } from '../../lines/runs.ts';
import type { Objects } from '../objects.ts';
import { addTail, extentsOf, type ObjectBody, objectName } from './body.ts';
import { formatStats, isLarge, runsOfPiece, sumStats, tailPieces } from './pieces.ts';

export interface Ground {
  index: SegmentIndex;
  objects: Objects;
}

/** The first pieces of the tail, so many bytes of it. They and the head may be of two moments: its version says so then. */
async function tailOf(
  { index }: Ground,
  ref: StreamRef,
  maxBytes: number,
): Promise<{ head: StreamHead; tail: TailPiece[] } | null> {
  const head = await index.head(ref);
  if (!head || head.tailPieces === 0) return null;
  const tail = (await index.upkeep.tails([head.id], maxBytes)).get(head.id) ?? [];
  return tail.length > 0 ? { head, tail } : null;
}

/**
 * Moves so many bytes of the tail into an object, from its beginning: one that grew while S3 was away is larger than memory.
 * The object is written before anything names it, and nobody waits meanwhile. Another change of the stream wins; then
 * nothing has happened. Whether it was done.
 */
export async function rollTail(ground: Ground, ref: StreamRef, maxBytes: number): Promise<boolean> {
  const found = await tailOf(ground, ref, maxBytes);
  if (!found) return false;
  const { head, tail } = found;
  const object = objectName(ref, head.membersEnd);
  const body: ObjectBody = { parts: [], size: 0 };
  const members = await addTail(body, tail);
  await ground.index.announce(object);
  await ground.objects.put(object, Buffer.concat(body.parts, body.size));
  const change = { ...changeOfTail(ref, head, tail), ...movedInto(object, members, head, tail) };
  return (await ground.index.change([change], object)).length > 0;
}

/** What a change needs that moves these first pieces of a tail into an object. */
export function movedInto(
  object: string,
  members: readonly SegmentMember[],
  head: StreamHead,
  tail: readonly TailPiece[],
) {
  const last = tail.at(-1);
  return {
    addPieces: [],
    addExtents: extentsOf(object, members),
    next: { membersEnd: last ? endOf(last) : head.membersEnd, baseStats: statsWith(head, tail) },
  };
}

/** What a change needs that replaces pieces of a tail. */
export function changeOfTail({ key }: StreamRef, head: StreamHead, tail: readonly TailPiece[]) {
  const last = tail.at(-1);
  return {
    id: head.id,
    project: key.project,
    version: head.version,
    tailFrom: tail[0]?.first ?? 0,
    tailTo: last ? endOf(last) : 0,
    dropExtents: [],
  };
}

/** Stats of what lies in objects once these pieces do, too. */
function statsWith({ baseStats }: StreamHead, tail: readonly TailPiece[]): string {
  return formatStats(sumStats([...(baseStats ? [baseStats] : []), ...tail.map(({ stats }) => stats)]));
}

/** Joins the small pieces of a tail, which is all that a stream of short batches has for a long time. */
export async function compactTail(
  ground: Ground,
  ref: StreamRef,
  tally: Tally,
  maxBytes: number,
): Promise<boolean> {
  const found = await tailOf(ground, ref, maxBytes);
  if (!found) return false;
  const { head, tail } = found;
  const small = tail.slice(tail.findIndex((piece) => !isLarge(piece) && piece.raw < MEMBER_BYTES));
  if (small.length < 2) return false;
  const runs = [];
  for (const piece of small) runs.push(...(await runsOfPiece(piece)));
  const change = {
    ...changeOfTail(ref, head, small),
    addPieces: await tailPieces(runs, tally),
    addExtents: [],
    next: { membersEnd: head.membersEnd, baseStats: head.baseStats },
  };
  return (await ground.index.change([change], null)).length > 0;
}
