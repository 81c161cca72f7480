import { parseStrict, type StreamRef, type StreamStore } from '@spiderhub/core';

/** Ms since 1970, requests, pages, items, errors so far, resident memory in KiB. */
export type Sample = (number | null)[];

const WIDTH = 6;
const MEMORY = 5;
/** Streams with more than a crawl of months measures are looked at in so many places, and not read as a whole. */
const MOST = 300_000;
const PLACES = 200;

/** A record as a sample; null for one that is none. */
export function readSample(line: Buffer): Sample | null {
  const value = parseStrict(line.toString('utf8'));
  if (!Array.isArray(value) || typeof value[0] !== 'number') return null;
  return Array.from({ length: WIDTH }, (_, at) => {
    const number: unknown = value[at];
    return typeof number === 'number' && Number.isFinite(number) ? number : null;
  });
}

/** Samples of a stream, thinned to so many points: of each part the last, with the most memory in it. */
export async function thinned(
  streams: StreamStore,
  ref: StreamRef,
  points: number,
): Promise<{ points: Sample[]; total: number }> {
  const { end, records } = await streams.stats(ref);
  if (records > MOST)
    return { points: await sparse(streams, ref, end, Math.min(points, PLACES)), total: records };
  // The first and the last one are always among them.
  const step = Math.max(1, Math.ceil((records - 1) / Math.max(1, points - 1)));
  const kept: Sample[] = [];
  let part: Sample | null = null;
  let inPart = 0;
  for await (const { lines } of streams.read(ref)) {
    for (const line of lines) {
      const sample = readSample(line);
      if (!sample) continue;
      part = part ? withMost(sample, part) : sample;
      inPart += 1;
      if (kept.length > 0 && inPart < step) continue;
      kept.push(part);
      part = null;
      inPart = 0;
    }
  }
  if (part) kept.push(part);
  return { points: kept.slice(0, points - 1).concat(kept.slice(points - 1).slice(-1)), total: records };
}

function withMost(sample: Sample, before: Sample): Sample {
  const memory = Math.max(sample[MEMORY] ?? 0, before[MEMORY] ?? 0);
  return sample.with(MEMORY, memory === 0 ? null : memory);
}

async function sparse(streams: StreamStore, ref: StreamRef, end: number, points: number): Promise<Sample[]> {
  const kept: Sample[] = [];
  for (let nth = 0; nth < points; nth += 1) {
    const at = points === 1 ? end - 1 : Math.floor((nth * (end - 1)) / (points - 1));
    for await (const { lines } of streams.read(ref, { from: at, to: at + 1 })) {
      const sample = lines[0] && readSample(lines[0]);
      if (sample) kept.push(sample);
    }
  }
  return kept;
}
