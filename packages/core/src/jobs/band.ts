/** What is usual of a number, by the last good runs of a spider. */
export interface Band {
  median: number;
  low: number;
  high: number;
  /** How many runs it is made of. */
  runs: number;
}

/** Runs that a band is made of at most, and at least. */
export const BAND_RUNS = 10;
const FEWEST = 3;
/** Part of the median by which a run may differ and be usual still. */
const WIDTH = 0.4;

/** Null for fewer than three values. `values`: of the last good runs. */
export function bandOf(values: readonly number[]): Band | null {
  if (values.length < FEWEST) return null;
  const median = medianOf(values);
  return { median, low: median * (1 - WIDTH), high: median * (1 + WIDTH), runs: values.length };
}

/** The value in the middle, or between the two in the middle; 0 for none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
