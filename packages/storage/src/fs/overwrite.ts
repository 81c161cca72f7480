import { addRecord, copyStats, type RunningStats, removeRecord, type Tally } from '@spiderhub/core';
import { packRuns } from '../lines/packs.ts';
import { cutRuns, endOf, joinRun, linesOf, type Run } from '../lines/runs.ts';
import { nextTs } from './append.ts';
import { type Member, memberAt } from './index-file.ts';
import { readMember } from './members.ts';
import { appendData, copyData, type Replacement, replaceIndex } from './replace.ts';
import { baseOf, dataOf, openSnapshot, readRuns, type Snapshot, statsOf } from './snapshot.ts';
import type { LogState, StreamLog } from './stream-log.ts';
import { replaceTailRun } from './tail.ts';

/** Unused bytes in a data file from which on it is written anew, if they are also most of it. */
const WASTE_BYTES = 4 * 1024 * 1024;

/** Whether the stream holds exactly these lines from number `first` on. */
export async function holds(log: StreamLog, first: number, lines: readonly Buffer[]): Promise<boolean> {
  const snapshot = await openSnapshot(log.files, log.cache);
  try {
    let next = first;
    for await (const run of readRuns(snapshot, first, first + lines.length)) {
      if (
        run.first !== next ||
        !linesOf(run).every((line, i) => line.equals(lines[run.first - first + i] as Buffer))
      )
        return false;
      next = endOf(run);
    }
    return next === first + lines.length;
  } finally {
    await snapshot.close();
  }
}

/**
 * Stores lines under numbers of which some are taken or lie in a gap. Only the members that they touch are written
 * again. Durable, and either wholly done or not at all.
 */
export async function overwrite(
  log: StreamLog,
  state: LogState,
  first: number,
  lines: readonly Buffer[],
): Promise<void> {
  const run = joinRun(first, nextTs(log, state), lines);
  const snapshot = await openSnapshot(log.files, log.cache);
  try {
    const next =
      first >= state.index.end ? await inTail(log, snapshot, run) : await inMembers(log, snapshot, run);
    const compact = await withoutWaste(log, snapshot, next);
    Object.assign(state, await replaceIndex(log, snapshot.index, compact));
  } finally {
    await snapshot.close();
  }
}

async function inTail(log: StreamLog, snapshot: Snapshot, run: Run): Promise<Replacement> {
  const runs = replaceTailRun(snapshot.tail.runs, { ...run, acknowledged: true });
  return { ...snapshot.index, base: await baseOf(snapshot, log.tally), runs };
}

async function inMembers(log: StreamLog, snapshot: Snapshot, run: Run): Promise<Replacement> {
  const { index, tail } = snapshot;
  const from = memberAt(index, run.first);
  const to = Math.max(from, firstMemberFrom(index.members, endOf(run)));
  const reachesTail = endOf(run) > index.end;
  const old: Run[] = [];
  for (const member of index.members.slice(from, to))
    old.push(...(await readMember(dataOf(snapshot), member)));
  if (reachesTail) old.push(...tail.runs);

  const runs = [...cutRuns(old, 0, run.first), run, ...cutRuns(old, endOf(run), Number.POSITIVE_INFINITY)];
  const written = await appendData(log.files.data(index.data), packRuns(runs), true);
  const before = await (reachesTail ? statsOf : baseOf)(snapshot, log.tally);
  return {
    data: index.data,
    members: [...index.members.slice(0, from), ...written, ...index.members.slice(to)],
    end: reachesTail ? endOf(runs.at(-1) as Run) : index.end,
    base: swapStats(before, cutRuns(old, run.first, endOf(run)), run, log.tally),
    runs: reachesTail ? [] : tail.runs,
  };
}

function firstMemberFrom(members: readonly Member[], record: number): number {
  const found = members.findIndex(({ first }) => first >= record);
  return found === -1 ? members.length : found;
}

function swapStats(before: RunningStats, removed: readonly Run[], added: Run, tally: Tally): RunningStats {
  const stats = copyStats(before);
  for (const run of removed) for (const line of linesOf(run)) removeRecord(stats, tally(line));
  for (const line of linesOf(added)) addRecord(stats, tally(line));
  return stats;
}

/** Members of overwritten records stay in the data file, so a client that overwrites for ever must not fill the disk. */
async function withoutWaste(log: StreamLog, snapshot: Snapshot, next: Replacement): Promise<Replacement> {
  if (!snapshot.data) return next;
  const { size } = await snapshot.data.stat();
  const live = next.members.reduce((sum, { length }) => sum + length, 0);
  if (size - live < Math.max(live, WASTE_BYTES)) return next;
  const members = await copyData(snapshot.data, log.files.data(next.data + 1), next.members);
  return { ...next, data: next.data + 1, members };
}
