import {
  type Appended,
  addRecord,
  copyStats,
  emptyStats,
  mergeStats,
  type RunningStats,
  type StreamRef,
  type StreamStats,
  type StreamWriter,
  type Tally,
  toStreamStats,
} from '@spiderhub/core';
import { assertLines, linesOf } from '../../lines/runs.ts';
import { holds } from './overwrite.ts';
import { newPieces, sumStats } from './pieces.ts';
import { readRuns } from './read.ts';
import type { Ground } from './roll.ts';
import type { Tending } from './tend.ts';

/** What was appended and not written yet. */
interface Pending {
  lines: Buffer[];
  stats: RunningStats;
}

/** A sealed tail of so many bytes is worth an object of its own. */
export const SEALED_BYTES = 64 * 1024;

export interface WriterPlace {
  ground: Ground;
  tending: Tending;
  ref: StreamRef;
  tally: Tally;
  sealedBytes: number;
}

/** Opens the writer of a crawl. Writes nothing until there is something to write. */
export async function openSegmentWriter(place: WriterPlace): Promise<StreamWriter> {
  return new SegmentWriter(place, await stored(place.ground, place.ref));
}

class SegmentWriter implements StreamWriter {
  readonly #place: WriterPlace;
  #end: number;
  #stats: RunningStats;
  #pending = nothing();
  #isSealed = false;
  /** Where a batch begins that may have been written, although nobody said so. */
  #doubtful: { from: number; lines: Buffer[] } | null = null;
  #line = Promise.resolve();

  constructor(place: WriterPlace, { end, stats }: { end: number; stats: RunningStats }) {
    this.#place = place;
    this.#end = end;
    this.#stats = stats;
  }

  get end(): number {
    return this.#end;
  }

  get stats(): StreamStats {
    return toStreamStats(this.#stats, this.#end);
  }

  append(lines: Buffer[]): void {
    if (this.#isSealed) throw new Error('the stream was sealed');
    assertLines(lines);
    for (const each of lines) {
      const counted = this.#place.tally(each);
      addRecord(this.#stats, counted);
      addRecord(this.#pending.stats, counted);
      this.#pending.lines.push(each);
    }
    this.#end += lines.length;
  }

  /** One after the other, in the order in which they were asked for. */
  flush(): Promise<void> {
    const next = this.#line.then(() => this.#flushNow());
    this.#line = next.catch(() => undefined);
    return next;
  }

  async seal(): Promise<void> {
    await this.flush();
    this.#isSealed = true;
    if (this.#end === 0) return;
    const { ground, tending, ref, sealedBytes } = this.#place;
    const head = await ground.index.head(ref);
    if (head && head.tailBytes >= sealedBytes) await tending.sealing(ref);
    await ground.index.seal(ref);
  }

  async #flushNow(): Promise<void> {
    await this.#clearDoubt();
    if (this.#pending.lines.length === 0) return;
    const { ground, tending, ref, tally } = this.#place;
    const batch = this.#pending;
    this.#pending = nothing();
    const expected = this.#end - batch.lines.length;
    let appended: Appended;
    try {
      const pieces = await newPieces(batch.lines, tally, batch.stats);
      appended = await ground.index.append({ ref, pieces });
      if (!appended) throw new Error('records behind the end were refused');
    } catch (error) {
      this.#doubtful = { from: expected, lines: batch.lines };
      this.#putBack(batch);
      throw error;
    }
    // A database that forgets what it has said leaves a gap that nobody may take for a stream.
    if (appended.first < expected)
      throw new Error(`records ${appended.first} to ${expected - 1} were stored and are gone`);
    // What was appended meanwhile is not in the index yet.
    if (appended.first > expected) await this.#follow();
    await tending.added(ref, appended);
  }

  /** A connection that broke may have taken the answer and not the records. They lie where they would lie then. */
  async #clearDoubt(): Promise<void> {
    if (!this.#doubtful) return;
    const { ground, ref, tally } = this.#place;
    const { from, lines } = this.#doubtful;
    const isWritten = await wasWritten(ground, ref, from, lines);
    this.#doubtful = null;
    if (!isWritten) return;
    const rest = this.#pending.lines.slice(lines.length);
    this.#pending = nothing();
    for (const each of rest) addRecord(this.#pending.stats, tally(each));
    this.#pending.lines = rest;
    await this.#follow();
  }

  /** Somebody else has written to the stream, too. */
  async #follow(): Promise<void> {
    const { ground, ref } = this.#place;
    const now = await stored(ground, ref);
    this.#end = now.end + this.#pending.lines.length;
    this.#stats = copyStats(now.stats);
    mergeStats(this.#stats, this.#pending.stats);
  }

  #putBack(batch: Pending): void {
    const { lines } = this.#pending;
    mergeStats(batch.stats, this.#pending.stats);
    this.#pending = { lines: batch.lines.concat(lines), stats: batch.stats };
  }
}

function nothing(): Pending {
  return { lines: [], stats: emptyStats() };
}

async function stored({ index }: Ground, ref: StreamRef): Promise<{ end: number; stats: RunningStats }> {
  const { end, parts } = await index.stats(ref);
  return { end, stats: sumStats(parts) };
}

/** Whether one batch from there on begins with these lines and has all of them. */
async function wasWritten(
  ground: Ground,
  ref: StreamRef,
  from: number,
  lines: readonly Buffer[],
): Promise<boolean> {
  const picture = await ground.index.picture(ref, from, Number.MAX_SAFE_INTEGER);
  if (!picture) return false;
  for await (const run of readRuns(ground.objects, picture, from, Number.MAX_SAFE_INTEGER)) {
    const [first] = linesOf(run);
    if (first?.equals(lines[0] as Buffer) && (await holds(ground, ref, run.first, lines))) return true;
  }
  return false;
}
