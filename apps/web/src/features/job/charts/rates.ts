/** Six numbers each: ms since 1970, requests, pages, items, errors so far, resident memory in KiB. */
export type Sample = readonly (number | null)[];

export interface Lines {
  /** Seconds since 1970. */
  times: number[];
  values: (number | null)[];
}

const MINUTE_MS = 60_000;

/** What a counter grew by, a minute. A counter that starts again (another attempt) makes a gap. */
export function ratesOf(samples: readonly Sample[], column: number): Lines {
  const lines: Lines = { times: [], values: [] };
  for (let i = 1; i < samples.length; i++) {
    const [before, now] = [samples[i - 1], samples[i]];
    const [from, to] = [before?.[0], now?.[0]];
    const [least, most] = [before?.[column], now?.[column]];
    if (from == null || to == null || to <= from) continue;
    const isKnown = least != null && most != null && most >= least;
    lines.times.push(to / 1000);
    lines.values.push(isKnown ? ((most - least) / (to - from)) * MINUTE_MS : null);
  }
  return lines;
}

/** A column as it was measured. */
export function levelsOf(samples: readonly Sample[], column: number, factor = 1): Lines {
  const known = samples.filter(([time]) => time != null);
  return {
    times: known.map(([time]) => (time ?? 0) / 1000),
    values: known.map((sample) => (sample[column] == null ? null : (sample[column] ?? 0) * factor)),
  };
}

/** Least, median and most of what is known: the chart in words. */
export function summaryOf({ values }: Lines): { least: number; median: number; most: number } | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const [least, most] = [known[0], known.at(-1)];
  if (least === undefined || most === undefined) return null;
  return { least, median: known[Math.floor(known.length / 2)] ?? least, most };
}
