import type { StreamRef, StreamStore } from '@spiderhub/core';
import { Budget } from './budget.ts';

export interface Numbered<T> {
  n: number;
  value: T;
}

export interface Looked<T> {
  found: Numbered<T>[];
  /** Where to go on. */
  scannedTo: number;
  done: boolean;
}

export interface Look<T> {
  /** Forward: the first record. Backward: the one behind the last. */
  from: number;
  /** Number of the last record plus one. */
  end: number;
  limit: number;
  /** Null for a record that is not wanted. */
  read(line: Buffer): T | null;
}

/** Records from a number on, as far as a call goes. */
export async function lookForward<T>(
  streams: Pick<StreamStore, 'read'>,
  ref: StreamRef,
  { from, end, limit, read }: Look<T>,
): Promise<Looked<T>> {
  const budget = new Budget();
  const found: Numbered<T>[] = [];
  for await (const { first, lines } of streams.read(ref, { from })) {
    for (const [i, line] of lines.entries()) {
      const n = first + i;
      const value = read(line);
      if (value !== null) found.push({ n, value });
      if (found.length === limit || budget.isSpentBy(line.length))
        return { found, scannedTo: n + 1, done: n + 1 >= end };
    }
  }
  return { found, scannedTo: Math.max(from, end), done: true };
}

/** Records that are read at a time on the way back; more as it goes on. */
const FIRST_STEP = 200;
const LAST_STEP = 6400;

/** Records before a number, the last ones of them, in their order. */
export async function lookBack<T>(
  streams: Pick<StreamStore, 'read'>,
  ref: StreamRef,
  { from, end, limit, read }: Look<T>,
): Promise<Looked<T>> {
  const budget = new Budget();
  let found: Numbered<T>[] = [];
  let before = Math.min(from, end);
  for (let step = FIRST_STEP; before > 0; step = Math.min(2 * step, LAST_STEP)) {
    const start = Math.max(0, before - step);
    const { values, isSpent } = await valuesOf(streams, ref, { from: start, to: before }, read, budget);
    found = [...values, ...found];
    before = start;
    if (found.length >= limit) {
      found = found.slice(-limit);
      const [oldest] = found;
      return { found, scannedTo: oldest?.n ?? 0, done: oldest?.n === 0 };
    }
    if (isSpent || budget.isLate()) break;
  }
  return { found, scannedTo: before, done: before === 0 };
}

async function valuesOf<T>(
  streams: Pick<StreamStore, 'read'>,
  ref: StreamRef,
  range: { from: number; to: number },
  read: (line: Buffer) => T | null,
  budget: Budget,
): Promise<{ values: Numbered<T>[]; isSpent: boolean }> {
  const values: Numbered<T>[] = [];
  let isSpent = false;
  for await (const { first, lines } of streams.read(ref, range)) {
    for (const [i, line] of lines.entries()) {
      const value = read(line);
      if (value !== null) values.push({ n: first + i, value });
      // A step is finished all the same: it is what the next call begins behind.
      isSpent = budget.isSpentBy(line.length) || isSpent;
    }
  }
  return { values, isSpent };
}
