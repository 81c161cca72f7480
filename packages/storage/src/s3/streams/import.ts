import {
  type Extent,
  mergeStats,
  type RecordBatch,
  type SegmentIndex,
  type StreamChange,
  type StreamHead,
  type StreamRef,
  type Tally,
} from '@spiderhub/core';
import { endOf, joinRun, type Run } from '../../lines/runs.ts';
import { addRuns, extentsOf, type ObjectBody, objectName } from './body.ts';
import { formatStats, sumStats, tailPieces, tallyOf } from './pieces.ts';
import { type Ground, rollTail } from './roll.ts';
import { SEALED_BYTES } from './writer.ts';

/** Lines that are compressed at once, bytes; and an object, bytes. */
const GATHERED_BYTES = 4 * 2 ** 20;
const OBJECT_BYTES = 8 * 2 ** 20;
const BUSY = 'somebody writes to the stream that is moved: stop the service first';

/**
 * Stores records with their numbers and arrivals behind those that a stream has in objects, or as a new one. Nobody else
 * may write to it.
 */
export async function importStream(
  ground: Ground,
  ref: StreamRef,
  batches: AsyncIterable<RecordBatch>,
  tally: Tally,
): Promise<void> {
  const body: ObjectBody = { parts: [], size: 0 };
  let members: Extent['members'] = [];
  let gathered: Run[] = [];
  let raw = 0;
  let head = (await withoutTail(ground, ref)) ?? (await ground.index.upkeep.create(ref));
  const stats = sumStats(head.baseStats ? [head.baseStats] : []);
  let { end } = head;

  async function change(more: Partial<StreamChange>, object: string | null): Promise<void> {
    const baseStats = end > 0 && object !== null ? formatStats(stats) : head.baseStats;
    const membersEnd = object === null ? head.membersEnd : end;
    const done = await ground.index.change(
      [
        {
          id: head.id,
          project: ref.key.project,
          version: head.version,
          end: head.end,
          tailFrom: 0,
          tailTo: 0,
          addPieces: [],
          dropExtents: [],
          addExtents: [],
          next: { end, membersEnd, baseStats },
          ...more,
        },
      ],
      object,
    );
    if (done.length === 0) throw new Error(BUSY);
    head = { ...head, version: head.version + 1, end, membersEnd, baseStats };
  }

  async function compress(): Promise<void> {
    mergeStats(stats, tallyOf(gathered, tally));
    members.push(...(await addRuns(body, gathered)));
    gathered = [];
    raw = 0;
  }

  async function putObject(): Promise<void> {
    const object = objectName(ref, members[0]?.first ?? 0);
    await ground.index.announce(object);
    await ground.objects.put(object, Buffer.concat(body.parts, body.size));
    await change({ addExtents: extentsOf(object, members) }, object);
    Object.assign(body, { parts: [], size: 0 });
    members = [];
  }

  for await (const { first, ts, lines } of batches) {
    const run = joinRun(first, ts, lines);
    gathered.push(run);
    raw += run.bytes.length;
    end = endOf(run);
    if (raw >= GATHERED_BYTES) await compress();
    if (body.size >= OBJECT_BYTES) await putObject();
  }
  // What is small waits in the index for others to share an object with.
  if (body.size === 0 && raw < SEALED_BYTES) {
    if (gathered.length > 0) await change({ addPieces: await tailPieces(gathered, tally) }, null);
  } else {
    await compress();
    if (body.size > 0) await putObject();
  }
  await ground.index.seal(ref);
}

/** What was its end before is in objects, too: more comes behind it. */
async function withoutTail(ground: Ground, ref: StreamRef): Promise<StreamHead | null> {
  for (;;) {
    const head = await ground.index.head(ref);
    if (!head || head.tailPieces === 0) return head;
    if (!(await rollTail(ground, ref, OBJECT_BYTES))) throw new Error(BUSY);
  }
}

const LISTED = 500;

/** Every stream, with those of jobs that were set aside. */
export async function* listSegmentStreams({
  upkeep,
}: SegmentIndex): AsyncGenerator<{ ref: StreamRef; isAside: boolean }> {
  for (let after = 0; ; ) {
    const page = await upkeep.streams(after, LISTED);
    yield* page;
    if (page.length < LISTED) return;
    after = page.at(-1)?.id ?? after;
  }
}
