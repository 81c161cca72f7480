import { stat, truncate } from 'node:fs/promises';
import type { RunningStats, Tally } from '@spiderhub/core';
import type { IndexCache, StreamIndex } from './index-file.ts';
import { type LockOptions, withLock } from './lock.ts';
import type { StreamFiles } from './paths.ts';
import { removeStrays, replaceIndex } from './replace.ts';
import { baseOf, openSnapshot, type Snapshot } from './snapshot.ts';
import { isMissing } from './sync.ts';
import { tailEnd, tailSize, tailTs } from './tail.ts';

/** What a writer knows about a stream while it holds the lock, and later if nobody changed the files since. */
export interface LogState {
  index: StreamIndex;
  /** Size of the tail file, bytes. */
  tailBytes: number;
  /** Bytes of the records in the tail. */
  pendingBytes: number;
  /** Whether the tail holds records that a caller was promised. */
  isPromised: boolean;
  /** Where the next record goes. */
  end: number;
  /** Latest arrival, ms since the epoch. */
  lastTs: number;
  /** Stats through the last record; null while nobody asked for them. */
  stats: RunningStats | null;
}

/**
 * A stream as its writers see it. Its files change only in the hands of whoever holds its lock, one process at a time;
 * readers take no lock and see what the index commits.
 */
export interface StreamLog {
  files: StreamFiles;
  root: string;
  cache: IndexCache;
  tally: Tally;
  now: () => number;
  lock: LockOptions;
  /** The last known state and how the files looked then; null when unknown. */
  known: { state: LogState; print: string } | null;
}

/**
 * Runs `work` with the stream to itself and its present state, which `work` keeps up to date. When `work` fails, the
 * state is read from the files again next time.
 */
export function withLog<T>(log: StreamLog, work: (state: LogState) => Promise<T>): Promise<T> {
  return withLock(
    log.files.lock,
    async () => {
      const state = await currentState(log);
      log.known = null;
      const result = await work(state);
      log.known = { state, print: await printOf(log.files, state.index) };
      return result;
    },
    log.lock,
  );
}

async function currentState(log: StreamLog): Promise<LogState> {
  const { known } = log;
  if (known && (await printOf(log.files, known.state.index)) === known.print) return known.state;
  return recover(log);
}

/** Changes whenever anybody writes: sizes grow, and what is replaced is a new file. */
async function printOf(files: StreamFiles, index: StreamIndex): Promise<string> {
  const tail = files.tail(index.generation, index.end);
  return `${await printOfFile(files.index)} ${await printOfFile(tail)}`;
}

async function printOfFile(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    if (isMissing(error)) return '-';
    throw error;
  }
}

/** Reads the state from the files and mends what a killed writer or a loss of power left. */
async function recover(log: StreamLog): Promise<LogState> {
  await cutTornCommit(log);
  const snapshot = await openSnapshot(log.files, log.cache);
  try {
    const isSound = snapshot.tail.whole && snapshot.index === (await log.cache.load(log.files.index));
    if (!isSound) return await rewriteSound(log, snapshot);
    await removeStrays(log.files, snapshot.index);
    return stateOf(snapshot);
  } finally {
    await snapshot.close();
  }
}

async function cutTornCommit({ files, cache }: StreamLog): Promise<void> {
  const { validBytes } = await cache.load(files.index);
  const size = await stat(files.index).then(
    (found) => found.size,
    () => 0,
  );
  if (size > validBytes) await truncate(files.index, validBytes);
}

async function rewriteSound(log: StreamLog, snapshot: Snapshot): Promise<LogState> {
  const { index, tail } = snapshot;
  const base = await baseOf(snapshot, log.tally);
  return replaceIndex(log, index, { ...index, base, runs: tail.runs });
}

function stateOf({ index, tail }: Snapshot): LogState {
  return {
    index,
    tailBytes: tail.bytes,
    pendingBytes: tailSize(tail.runs),
    isPromised: tail.runs.some(({ acknowledged }) => acknowledged),
    end: tailEnd(tail, index.end),
    lastTs: Math.max(index.lastTs, tailTs(tail.runs)),
    stats: null,
  };
}
