import { LOG_LEVELS, type StreamRef, type StreamStore } from '@spiderhub/core';
import { type LogRecord, readLogRecord } from '@spiderhub/hub';
import { Budget } from './budget.ts';
import { shapeOf } from './error-shapes.ts';
import { shortened } from './text.ts';

/** Characters of a message in a list, and of one that somebody opened. */
export const LISTED_MESSAGE = 8192;
export const WHOLE_MESSAGE = 1_000_000;
const EXAMPLE = 2000;
/** Kinds of errors that are told apart; the rest is counted as others are not. */
const MOST_SHAPES = 200;
/** Groups are of the whole log, as far as half a second goes. */
const ERRORS = 5;

/** Reads records of a level or worse that hold a text, whatever its case. Null for others. */
export function logReader(level: number, q: string | undefined): (line: Buffer) => LogRecord | null {
  const wanted = q?.toLowerCase();
  return (line) => {
    const record = readLogRecord(line);
    if (record.level < level) return null;
    return wanted === undefined || record.message.toLowerCase().includes(wanted) ? record : null;
  };
}

export function logView(n: number, { time, level, message }: LogRecord, most: number) {
  return { n, time, level, message: shortened(message, most), size: message.length };
}

/** Counts of a log's levels as a list, the least first. */
export function levelCounts(counts: Record<string, number>): { level: number; count: number }[] {
  return Object.entries(counts)
    .map(([level, count]) => ({ level: Number(level), count }))
    .sort((a, b) => a.level - b.level);
}

export interface ErrorGroup {
  shape: string;
  count: number;
  first: number;
  last: number;
  example: string;
}

/** Errors of a log by their shape, the most frequent first; partial where a call does not reach to the end. */
export async function errorGroups(
  streams: StreamStore,
  ref: StreamRef,
): Promise<{ groups: ErrorGroup[]; total: number; isPartial: boolean }> {
  const { counts } = await streams.stats(ref);
  const total = levelCounts(counts).reduce(
    (sum, { level, count }) => (level >= LOG_LEVELS.ERROR ? sum + count : sum),
    0,
  );
  const groups = new Map<string, ErrorGroup>();
  const budget = new Budget(ERRORS);
  let seen = 0;
  const all = () => ({
    groups: [...groups.values()].sort((a, b) => b.count - a.count),
    total,
    isPartial: seen < total,
  });
  if (total === 0) return all();
  for await (const { first, lines } of streams.read(ref)) {
    for (const [i, line] of lines.entries()) {
      const record = readLogRecord(line);
      if (record.level >= LOG_LEVELS.ERROR) {
        seen += 1;
        addError(groups, first + i, record.message);
      }
      if (seen >= total || budget.isSpentBy(line.length)) return all();
    }
  }
  return all();
}

function addError(groups: Map<string, ErrorGroup>, n: number, message: string): void {
  const shape = shapeOf(message);
  const known = groups.get(shape);
  if (known) {
    known.count += 1;
    known.last = n;
  } else if (groups.size < MOST_SHAPES) {
    groups.set(shape, { shape, count: 1, first: n, last: n, example: shortened(message, EXAMPLE) });
  }
}
