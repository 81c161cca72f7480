import type { SegmentIndex, StreamHead, StreamRef, TailPiece, Tally } from '@spiderhub/core';
import { MEMBER_BYTES } from '../../lines/packs.ts';
import { endOf } from '../../lines/runs.ts';
import type { Objects } from '../objects.ts';
import { addTail, extentsOf, type ObjectBody, objectName } from './body.ts';
import { formatStats, isLarge, runsOfPiece, sumStats, tailPieces } from './pieces.ts';

export interface Ground {
  index: SegmentIndex;
  objects: Objects;
}

async function tailOf(
  { index }: Ground,
  ref: StreamRef,
): Promise<{ head: StreamHead; tail: TailPiece[] } | null> {
  const head = await index.head(ref);
  if (!head || head.tailPieces === 0) return null;
  // Its own head: a change in between would not fit the pieces.
  return index.picture(ref, head.membersEnd, Number.MAX_SAFE_INTEGER);
}

/**
 * Moves the tail into an object. The object is written before anything names it, and nobody waits meanwhile. Another
 * change of the stream wins; then nothing has happened. Whether it was done.
 */
export async function rollTail(ground: Ground, ref: StreamRef): Promise<boolean> {
  const found = await tailOf(ground, ref);
  if (!found || found.tail.length === 0) return false;
  const { head, tail } = found;
  const object = objectName(ref, head.membersEnd);
  const body: ObjectBody = { parts: [], size: 0 };
  const members = await addTail(body, tail);
  await ground.index.announce(object);
  await ground.objects.put(object, Buffer.concat(body.parts, body.size));
  const change = {
    ...changeOfTail(ref, head, tail),
    addPieces: [],
    addExtents: extentsOf(object, members),
    next: { membersEnd: head.end, baseStats: statsWith(head, tail) },
  };
  return (await ground.index.change([change], object)).length > 0;
}

/** What a change needs that replaces all of a tail. */
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

/** Stats of what lies in objects once the tail does, too. */
export function statsWith({ baseStats }: StreamHead, tail: readonly TailPiece[]): string {
  return formatStats(sumStats([...(baseStats ? [baseStats] : []), ...tail.map(({ stats }) => stats)]));
}

/** Joins the small pieces of a tail, which is all that a stream of short batches has for a long time. */
export async function compactTail(ground: Ground, ref: StreamRef, tally: Tally): Promise<boolean> {
  const found = await tailOf(ground, ref);
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
