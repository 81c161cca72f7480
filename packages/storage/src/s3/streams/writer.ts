import {
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
import { readStream } from './read.ts';
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
  /** A batch that was sent, until it is known to be stored: it keeps its lines, so that it can be told when it is met. */
  #sent: { from: number; batch: Pending } | null = null;
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
    await this.#rollRest();
    await this.#place.ground.index.seal(this.#place.ref);
  }

  /** A roll that was under way began without the newest records: then one more. */
  async #rollRest(): Promise<void> {
    const { ground, tending, ref, sealedBytes } = this.#place;
    for (let rolls = 0; rolls < 2; rolls += 1) {
      const head = await ground.index.head(ref);
      if (!head || head.tailBytes < sealedBytes || !(await tending.sealing(ref))) return;
    }
  }

  async #flushNow(): Promise<void> {
    if (this.#sent) await this.#sendAgain();
    if (this.#pending.lines.length === 0) return;
    const batch = this.#pending;
    this.#pending = nothing();
    this.#sent = { from: this.#end - batch.lines.length, batch };
    if (!(await this.#send())) await this.#sendAgain();
  }

  /** Whether it was stored where the stream ended when it was sent; otherwise the stream ends elsewhere. */
  async #send(): Promise<boolean> {
    if (!this.#sent) return true;
    const { ground, tending, ref, tally } = this.#place;
    const { from, batch } = this.#sent;
    const pieces = await newPieces(batch.lines, tally, batch.stats);
    const appended = await ground.index.append({ ref, first: from, isExact: true, pieces });
    if (!appended) return false;
    this.#sent = null;
    await tending.added(ref, appended);
    return true;
  }

  /**
   * A connection that broke may have taken the answer and not the records, or holds them back still. What arrives late finds
   * the end of the stream elsewhere, and is refused.
   */
  async #sendAgain(): Promise<void> {
    const { ground, ref } = this.#place;
    while (this.#sent) {
      const { from, batch } = this.#sent;
      if (await wasWritten(ground, ref, from, batch.lines)) {
        this.#sent = null;
        await this.#follow();
      } else {
        this.#sent.from = await this.#follow();
        await this.#send();
      }
    }
  }

  /** Others may have written to the stream, too. Returns where it ends. */
  async #follow(): Promise<number> {
    const { ground, ref } = this.#place;
    const now = await stored(ground, ref);
    const waiting = [this.#sent?.batch, this.#pending].filter((batch) => batch !== undefined);
    const known = this.#sent?.from ?? 0;
    // A database that forgets what it has said leaves a gap that nobody may take for a stream.
    if (now.end < known) throw new Error(`records ${now.end} to ${known - 1} were stored and are gone`);
    this.#end = waiting.reduce((end, { lines }) => end + lines.length, now.end);
    this.#stats = copyStats(now.stats);
    for (const { stats } of waiting) mergeStats(this.#stats, stats);
    return now.end;
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
  for await (const run of readStream(ground, ref, from, Number.MAX_SAFE_INTEGER)) {
    const [first] = linesOf(run);
    if (first?.equals(lines[0] as Buffer) && (await holds(ground, ref, run.first, lines))) return true;
  }
  return false;
}
