import { type Job, medianOf, type Run } from '@spiderhub/core';
import type { Parts } from '../../../parts.ts';

/** Good runs that say what is usual of a field. */
const RUNS = 5;
const FEWEST = 2;

export interface FieldShares {
  items: number;
  bytes: number;
  counts: Map<string, number>;
}

/** How many items of a run have each field: kept while they came in, so nothing is read for it. */
export async function sharesOf(
  { streams }: Parts,
  { key, attempt }: Pick<Job, 'key' | 'attempt'>,
): Promise<FieldShares> {
  const { records, bytes, counts } = await streams.stats({ key, attempt, stream: 'items' });
  return { items: records, bytes, counts: new Map(Object.entries(counts)) };
}

export function shareOf({ items, counts }: FieldShares, name: string): number {
  return items === 0 ? 0 : (counts.get(name) ?? 0) / items;
}

/** What is usual of each field before a job; null where there are too few runs to say. */
export async function usualShares(parts: Parts, job: Job): Promise<Map<string, number> | null> {
  const { project, spider } = job.key;
  const runs = await parts.lists.runs(project, [spider], { count: RUNS, good: true, before: job });
  return sharesOfRuns(parts, runs);
}

/** The median of the shares of some runs; null for fewer than two with items. */
export async function sharesOfRuns(parts: Parts, runs: readonly Run[]): Promise<Map<string, number> | null> {
  const all = (await Promise.all(runs.map((run) => sharesOf(parts, run)))).filter(({ items }) => items > 0);
  if (all.length < FEWEST) return null;
  const names = new Set(all.flatMap(({ counts }) => [...counts.keys()]));
  return new Map([...names].map((name) => [name, medianOf(all.map((one) => shareOf(one, name)))]));
}
