import {
  addRecord,
  type Extent,
  removeRecord,
  type SegmentMember,
  type StreamHead,
  type StreamPicture,
  type StreamRef,
  type TailPiece,
  type Tally,
} from '@spiderhub/core';
import { cutRun, cutRuns, endOf, joinRun, linesOf, type Run } from '../../lines/runs.ts';
import { addRuns, extentsOf, type ObjectBody, objectName } from './body.ts';
import { formatStats, runsOfPiece, sumStats, tailPieces } from './pieces.ts';
import { readRuns } from './read.ts';
import type { Ground } from './roll.ts';

const END = Number.MAX_SAFE_INTEGER;

/** Whether the stream holds exactly these lines from number `first` on. */
export async function holds(
  { index, objects }: Ground,
  ref: StreamRef,
  first: number,
  lines: readonly Buffer[],
): Promise<boolean> {
  const to = first + lines.length;
  const picture = await index.picture(ref, first, to);
  if (!picture || picture.head.end < to) return false;
  let next = first;
  for await (const run of readRuns(objects, picture, first, to)) {
    if (run.first !== next) return false;
    if (!linesOf(run).every((line, i) => line.equals(lines[run.first - first + i] as Buffer))) return false;
    next = endOf(run);
  }
  return next === to;
}

/**
 * Stores lines under numbers of which some are taken or lie in a gap. What lies in objects and is touched goes into a new
 * object, which is written before the one transaction that puts it in place of the old. False when the stream was changed
 * meanwhile, or ended before these numbers.
 */
export async function overwrite(
  ground: Ground,
  ref: StreamRef,
  lines: { first: number; lines: readonly Buffer[] },
  tally: Tally,
): Promise<boolean> {
  const reserved = await ground.index.reserve(ref);
  if (!reserved || lines.first >= reserved.head.end) return false;
  const run = joinRun(lines.first, reserved.ts, lines.lines);
  const picture = await ground.index.picture(ref, run.first, endOf(run));
  if (!picture) return false;
  const { head } = picture;
  const inObjects = cutRun(run, 0, head.membersEnd);
  const inTail = cutRun(run, head.membersEnd, END);
  const extents = inObjects ? await replaceMembers(ground, ref, picture, inObjects, tally) : NO_EXTENTS(head);
  const tail = inTail ? await replaceTail(picture.tail, inTail, tally) : NO_TAIL;
  const isLonger = endOf(run) > head.end;
  const change = {
    id: head.id,
    project: ref.key.project,
    version: head.version,
    ...(isLonger && { end: head.end }),
    ...tail,
    dropExtents: extents.drop,
    addExtents: extents.add,
    next: {
      membersEnd: head.membersEnd,
      baseStats: extents.baseStats,
      ...(isLonger && { end: endOf(run) }),
    },
  };
  return (await ground.index.change([change], extents.object)).length > 0;
}

const NO_TAIL = { tailFrom: 0, tailTo: 0, addPieces: [] as TailPiece[] };
const NO_EXTENTS = ({ baseStats }: StreamHead): NewExtents => ({
  drop: [],
  add: [],
  baseStats,
  object: null,
});

async function replaceTail(touched: readonly TailPiece[], run: Run, tally: Tally) {
  // The range may begin in an object: only pieces that hold some of the run's numbers are touched.
  const pieces = touched.filter((piece) => piece.first < endOf(run) && endOf(piece) > run.first);
  const old: Run[] = [];
  for (const piece of pieces) old.push(...(await runsOfPiece(piece)));
  return {
    tailFrom: Math.min(run.first, pieces[0]?.first ?? END),
    tailTo: Math.max(endOf(run), ...pieces.map(endOf)),
    addPieces: await tailPieces(spliced(old, run), tally),
  };
}

/** The old records around the new ones. */
function spliced(old: readonly Run[], run: Run): Run[] {
  return [...cutRuns(old, 0, run.first), run, ...cutRuns(old, endOf(run), END)];
}

interface NewExtents {
  drop: number[];
  add: Extent[];
  baseStats: string | null;
  object: string | null;
}

async function replaceMembers(
  { index, objects }: Ground,
  ref: StreamRef,
  { head, extents }: StreamPicture,
  run: Run,
  tally: Tally,
): Promise<NewExtents> {
  const isTouched = (member: SegmentMember) => member.first < endOf(run) && endOf(member) > run.first;
  const touched = extents.map(({ object, members }) => ({ object, members: members.filter(isTouched) }));
  const old: Run[] = [];
  for await (const each of readRuns(objects, { head, extents: touched, tail: [] }, 0, END)) old.push(each);

  const object = objectName(ref, run.first);
  const body: ObjectBody = { parts: [], size: 0 };
  const members = await addRuns(body, spliced(old, run));
  await index.announce(object);
  await objects.put(object, Buffer.concat(body.parts, body.size));
  return {
    drop: extents.map(({ members: all }) => all[0]?.first ?? 0),
    add: [...extents.flatMap((extent) => around(extent, run)), ...extentsOf(object, members)],
    baseStats: swapStats(head, cutRuns(old, run.first, endOf(run)), run, tally),
    object,
  };
}

/** What stays of an extent before and behind the run. */
function around({ object, members }: Extent, run: Run): Extent[] {
  return [
    { object, members: members.filter((member) => endOf(member) <= run.first) },
    { object, members: members.filter((member) => member.first >= endOf(run)) },
  ].filter((extent) => extent.members.length > 0);
}

function swapStats({ baseStats }: StreamHead, removed: readonly Run[], added: Run, tally: Tally): string {
  const stats = sumStats(baseStats ? [baseStats] : []);
  for (const run of removed) for (const line of linesOf(run)) removeRecord(stats, tally(line));
  for (const line of linesOf(added)) addRecord(stats, tally(line));
  return formatStats(stats);
}
