import type { StreamStats, Tally } from '../ports/stream-store.ts';

/** Distinct names that one stream counts; names that come later are left out, so hostile items cost bounded memory. */
export const MAX_COUNTED_NAMES = 1000;

/** Stats in the making. A map, because names come from crawls (`__proto__` is a fine name for a field). */
export interface RunningStats {
  records: number;
  bytes: number;
  counts: Map<string, number>;
}

export function emptyStats(): RunningStats {
  return { records: 0, bytes: 0, counts: new Map() };
}

export function copyStats(stats: RunningStats): RunningStats {
  return { ...stats, counts: new Map(stats.counts) };
}

export function addRecord(stats: RunningStats, tally: ReturnType<Tally>): void {
  stats.records += 1;
  stats.bytes += tally.bytes;
  for (const name of tally.counts) addCount(stats.counts, name, 1);
}

/** Takes back a record that was overwritten. Exact as long as the stream has no more names than are counted. */
export function removeRecord(stats: RunningStats, tally: ReturnType<Tally>): void {
  stats.records -= 1;
  stats.bytes -= tally.bytes;
  for (const name of tally.counts) {
    const left = (stats.counts.get(name) ?? 0) - 1;
    if (left > 0) stats.counts.set(name, left);
    else stats.counts.delete(name);
  }
}

/** Adds `more` to `stats`. */
export function mergeStats(stats: RunningStats, more: RunningStats): void {
  stats.records += more.records;
  stats.bytes += more.bytes;
  for (const [name, count] of more.counts) addCount(stats.counts, name, count);
}

/** As the port gives it out. The counts have no prototype, so that any name is an own property. */
export function toStreamStats(stats: RunningStats, end: number): StreamStats {
  const counts: Record<string, number> = Object.create(null);
  for (const [name, count] of stats.counts) counts[name] = count;
  return { end, records: stats.records, bytes: stats.bytes, counts };
}

function addCount(counts: Map<string, number>, name: string, by: number): void {
  const before = counts.get(name);
  if (before !== undefined) counts.set(name, before + by);
  else if (counts.size < MAX_COUNTED_NAMES) counts.set(name, by);
}
