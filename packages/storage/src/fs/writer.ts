import {
  addRecord,
  copyStats,
  emptyStats,
  mergeStats,
  type RunningStats,
  type StreamWriter,
  toStreamStats,
} from '@spiderhub/core';
import { assertLines } from '../lines/runs.ts';
import { appendArrival, roll, rollIfFull, syncStream } from './append.ts';
import { openSnapshot, statsOf } from './snapshot.ts';
import { type LogState, type StreamLog, withLog } from './stream-log.ts';
import { tailEnd } from './tail.ts';

/** Compressing less than this saves no block on disk and costs two more files. */
const MIN_SEALED_BYTES = 8 * 1024;

/** What was appended and not written yet. */
interface Pending {
  lines: Buffer[];
  stats: RunningStats;
}

/** Opens the writer of a crawl. Touches no file until there is something to write. */
export async function openFsWriter(log: StreamLog): Promise<StreamWriter> {
  let { end, stats } = await stored(log);
  let pending = nothing();
  let isSealed = false;

  function append(lines: Buffer[]): void {
    if (isSealed) throw new Error('the stream was sealed');
    assertLines(lines);
    for (const line of lines) {
      const tally = log.tally(line);
      addRecord(stats, tally);
      addRecord(pending.stats, tally);
      pending.lines.push(line);
    }
    end += lines.length;
  }

  async function flush(): Promise<void> {
    if (pending.lines.length === 0) return;
    const batch = pending;
    pending = nothing();
    let isWritten = false;
    try {
      await withLog(log, async (state) => {
        await knowStats(log, state);
        await appendArrival(log, state, { ...batch, first: state.end, promised: false });
        isWritten = true;
        follow(state);
        await rollIfFull(log, state);
      });
    } catch (error) {
      if (!isWritten) putBack(batch);
      throw error;
    }
  }

  /** Somebody else may have written to the stream in between. */
  function follow(state: LogState): void {
    if (state.end + pending.lines.length === end) return;
    end = state.end + pending.lines.length;
    stats = copyStats(state.stats as RunningStats);
    mergeStats(stats, pending.stats);
  }

  function putBack(batch: Pending): void {
    const { lines } = pending;
    mergeStats(batch.stats, pending.stats);
    pending = { lines: batch.lines.concat(lines), stats: batch.stats };
  }

  async function seal(): Promise<void> {
    await flush();
    isSealed = true;
    if (end === 0) return;
    await withLog(log, async (state) => {
      if (state.pendingBytes >= MIN_SEALED_BYTES) await roll(log, state, true);
      await syncStream(log, state);
    });
  }

  return {
    get end() {
      return end;
    },
    get stats() {
      return toStreamStats(stats, end);
    },
    append,
    flush,
    seal,
  };
}

function nothing(): Pending {
  return { lines: [], stats: emptyStats() };
}

async function stored(log: StreamLog): Promise<{ end: number; stats: RunningStats }> {
  const snapshot = await openSnapshot(log.files, log.cache);
  try {
    return { end: tailEnd(snapshot.tail, snapshot.index.end), stats: await statsOf(snapshot, log.tally) };
  } finally {
    await snapshot.close();
  }
}

async function knowStats(log: StreamLog, state: LogState): Promise<void> {
  state.stats ??= (await stored(log)).stats;
}
