import { open, truncate, unlink } from 'node:fs/promises';
import { addRecord, emptyStats, mergeStats, type RunningStats, type Tally } from '@spiderhub/core';
import { MEMBER_BYTES, packRuns } from '../lines/packs.ts';
import { joinRun, type Run } from '../lines/runs.ts';
import { formatCommit, formatHeader, withMembers } from './index-file.ts';
import { appendData, writeNew } from './replace.ts';
import { openSnapshot, statsOf } from './snapshot.ts';
import type { LogState, StreamLog } from './stream-log.ts';
import { syncDirs, syncFile, writeParts } from './sync.ts';
import { formatBase, formatMarker } from './tail.ts';

/** Records that arrive together. */
export interface Arrival {
  lines: readonly Buffer[];
  /** What they add to the stats, when that is known already. */
  stats?: RunningStats;
  /** Number of the first one; there may be a gap before it. */
  first: number;
  /** Whether a caller is promised that they are there as a whole and stay there. */
  promised: boolean;
}

/** Stats of some lines. */
function tallyLines(lines: readonly Buffer[], tally: Tally): RunningStats {
  const stats = emptyStats();
  for (const line of lines) addRecord(stats, tally(line));
  return stats;
}

/** An arrival time that no other batch of the stream has, later than all of them, ms since the epoch. */
export function nextTs(log: StreamLog, state: LogState): number {
  return Math.max(log.now(), state.lastTs + 1);
}

/** Adds records at or behind the end of the stream. When it fails, none of them is there. */
export async function appendArrival(log: StreamLog, state: LogState, arrival: Arrival): Promise<void> {
  const run = joinRun(arrival.first, nextTs(log, state), arrival.lines);
  const written = await writeToTail(log, state, run, arrival.promised);
  if (state.stats) mergeStats(state.stats, arrival.stats ?? tallyLines(arrival.lines, log.tally));
  state.tailBytes += written;
  state.pendingBytes += run.bytes.length;
  state.isPromised ||= arrival.promised;
  state.end = run.first + run.count;
  state.lastTs = run.ts;
}

async function writeToTail(log: StreamLog, state: LogState, run: Run, promised: boolean): Promise<number> {
  const file = log.files.tail(state.index.generation, state.index.end);
  const marker = formatMarker(run, promised);
  const handle = await open(file, 'a');
  try {
    await writeParts(handle, [marker, run.bytes]);
    if (promised) await handle.datasync();
  } catch (error) {
    // A full disk may have taken a part. Should this fail too, whoever comes next cuts what is torn.
    await truncate(file, state.tailBytes).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  if (promised && state.tailBytes === 0) await syncDirs(log.files.dir, log.root);
  return marker.length + run.bytes.length;
}

/** Compresses the tail once it is as large as a member. */
export async function rollIfFull(log: StreamLog, state: LogState): Promise<void> {
  if (state.pendingBytes >= MEMBER_BYTES) await roll(log, state, state.isPromised);
}

/**
 * Turns the tail into members. The commit line in the index is the moment at which they replace the tail; before it
 * they do not exist, after it the old tail does not. With `durable` the order also holds through a loss of power.
 */
export async function roll(log: StreamLog, state: LogState, durable: boolean): Promise<void> {
  const { files } = log;
  const snapshot = await openSnapshot(files, log.cache);
  try {
    const stats = state.stats ?? (await statsOf(snapshot, log.tally));
    const members = await appendData(files.data(state.index.data), packRuns(snapshot.tail.runs), durable);
    const base = formatBase(stats);
    await writeNew(files.tail(state.index.generation, state.end), base, durable);
    const { generation, end } = state.index;
    state.index = await commit(log, state, members, durable);
    await unlink(files.tail(generation, end));
    Object.assign(state, { stats, tailBytes: base.length, pendingBytes: 0, isPromised: false });
  } finally {
    await snapshot.close();
  }
}

async function commit(
  { files }: StreamLog,
  { index, end }: LogState,
  members: Parameters<typeof formatCommit>[1],
  durable: boolean,
) {
  const line = formatCommit(end, members);
  const text = index.validBytes === 0 ? Buffer.concat([formatHeader(index), line]) : line;
  const handle = await open(files.index, 'a');
  try {
    await writeParts(handle, [text]);
    if (durable) await handle.datasync();
  } finally {
    await handle.close();
  }
  if (durable) await syncFile(files.dir);
  return withMembers(index, end, members, text.length);
}

/** Makes what the stream holds survive a loss of power. */
export async function syncStream({ files, root }: StreamLog, { index }: LogState): Promise<void> {
  if (index.members.length > 0) {
    await syncFile(files.data(index.data));
    await syncFile(files.index);
  }
  await syncFile(files.tail(index.generation, index.end));
  await syncDirs(files.dir, root);
}
