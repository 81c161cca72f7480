import path from 'node:path';
import {
  requestErrors,
  type StreamName,
  type StreamRef,
  type StreamStore,
  TALLIES,
  type Tally,
  toStreamStats,
} from '@spiderhub/core';
import { isDiskFull } from '@spiderhub/platform';
import { LRUCache } from 'lru-cache';
import { assertLines } from '../lines/runs.ts';
import { appendArrival, rollIfFull, syncStream } from './append.ts';
import { createIndexCache } from './index-file.ts';
import type { LockOptions } from './lock.ts';
import { holds, overwrite } from './overwrite.ts';
import { streamFiles } from './paths.ts';
import { openSnapshot, readAsGzip, readBatches, type Snapshot, statsOf } from './snapshot.ts';
import { type StreamLog, withLog } from './stream-log.ts';
import { statIfThere } from './sync.ts';
import { tailEnd } from './tail.ts';
import { bringJobBack, removeJobs, setJobAside, sizeOfProject } from './whole-jobs.ts';
import { openFsWriter } from './writer.ts';

const INDEX_CACHE_BYTES = 16 * 1024 * 1024;
const REMEMBERED_LOGS = 500;
/** Above any count of records that a disk holds, below where sums of numbers become inexact. */
const MAX_RECORD = 2 ** 52;

export interface FsStreamStoreOptions {
  /** Directory of all streams, on a file system that all API and worker processes share. */
  root: string;
  tallies?: Record<StreamName, Tally>;
  /** Index text to keep parsed, bytes. */
  indexCacheBytes?: number;
  lock?: LockOptions;
  now?: () => number;
}

/** Streams as files: `StreamLog` says who may change them, `index-file.ts` what of them counts, docs/adr/0015 why. */
export function createFsStreamStore(options: FsStreamStoreOptions): StreamStore {
  const { tallies = TALLIES, lock = {}, now = Date.now } = options;
  const root = path.resolve(options.root);
  const cache = createIndexCache(options.indexCacheBytes ?? INDEX_CACHE_BYTES);
  const logs = new LRUCache<string, StreamLog>({ max: REMEMBERED_LOGS });

  function newLog(ref: StreamRef): StreamLog {
    return { files: streamFiles(root, ref), root, cache, tally: tallies[ref.stream], now, lock, known: null };
  }

  /** Batches of one stream tend to come in a row: what the last one left in mind spares the next one reading. */
  function logOf(ref: StreamRef): StreamLog {
    const fresh = newLog(ref);
    const name = fresh.files.lock;
    const log = logs.get(name) ?? fresh;
    logs.set(name, log);
    return log;
  }

  async function* reading<T>(
    ref: StreamRef,
    work: (snapshot: Snapshot) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const snapshot = await openSnapshot(streamFiles(root, ref), cache);
    try {
      yield* work(snapshot);
    } finally {
      await snapshot.close();
    }
  }

  async function stats(ref: StreamRef) {
    const snapshot = await openSnapshot(streamFiles(root, ref), cache);
    try {
      return toStreamStats(
        await statsOf(snapshot, tallies[ref.stream]),
        tailEnd(snapshot.tail, snapshot.index.end),
      );
    } finally {
      await snapshot.close();
    }
  }

  async function write(ref: StreamRef, lines: Buffer[], start?: number): Promise<{ first: number }> {
    assertLines(lines);
    if (start !== undefined && !(Number.isInteger(start) && start >= 0 && start <= MAX_RECORD)) {
      throw requestErrors.invalid('start', 'expected a record number');
    }
    if (lines.length === 0) return { first: start ?? (await stats(ref)).end };
    return store(logOf(ref), lines, start);
  }

  async function mark(ref: StreamRef): Promise<string> {
    const files = streamFiles(root, ref);
    const { generation, end, members } = await cache.load(files.index);
    const tail = await statIfThere(files.tail(generation, end));
    return [generation, end, members.length, tail?.size, tail?.mtimeMs].join(' ');
  }

  return {
    openWriter: (ref) => openFsWriter(newLog(ref)),
    write,
    read: (ref, range = {}) => reading(ref, (snapshot) => readBatches(snapshot, range)),
    readGzip: (ref) => reading(ref, readAsGzip),
    stats,
    mark,
    setAside: (key) => setJobAside(root, key),
    bringBack: (key) => bringJobBack(root, key),
    removeJobs: (keys) => removeJobs(root, keys),
    sizeOfProject: (project) => sizeOfProject(root, project),
  };
}

/** Writes at `start`, or at the end. */
async function store(log: StreamLog, lines: Buffer[], start?: number): Promise<{ first: number }> {
  const kept: { first?: number } = {};
  const writing = withLog(log, async (state) => {
    const first = start ?? state.end;
    if (first >= state.end) await appendArrival(log, state, { lines, first, promised: true });
    else if (await holds(log, first, lines)) await syncStream(log, state);
    else await overwrite(log, state, first, lines);
    kept.first = first;
    await rollIfFull(log, state);
  });
  await writing.catch((error: unknown) => {
    // The tail waits for room, and has what was written: who heard of an error would write it again.
    if (kept.first === undefined || !isDiskFull(error)) throw error;
  });
  return { first: kept.first as number };
}
