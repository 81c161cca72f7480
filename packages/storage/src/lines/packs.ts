import { endOf, type Run, skipLines } from './runs.ts';

const LF = 0x0a;

/** Bytes of lines that one member holds; a longer record has a member of its own. */
export const MEMBER_BYTES = 256 * 1024;

/** Lines that become one member. */
export interface Pack {
  first: number;
  count: number;
  raw: number;
  parts: Buffer[];
  ts: [number, number][];
}

/** Divides records among members. A gap in their numbers begins a new one. */
export function packRuns(runs: readonly Run[], limit = MEMBER_BYTES): Pack[] {
  const packs: Pack[] = [];
  for (const run of runs) {
    for (let rest: Run | null = run; rest !== null; ) {
      const pack = packFor(packs, rest, limit);
      const part = fill(rest, limit - pack.raw);
      addPart(pack, part);
      rest = part.count === rest.count ? null : after(rest, part);
    }
  }
  return packs;
}

/** The last pack when the run's first record follows it and fits, otherwise a new one. */
function packFor(packs: Pack[], run: Run, limit: number): Pack {
  const last = packs.at(-1);
  if (last && endOf(last) === run.first && last.raw + skipLines(run.bytes, 0, 1) <= limit) return last;
  const pack: Pack = { first: run.first, count: 0, raw: 0, parts: [], ts: [] };
  packs.push(pack);
  return pack;
}

/** As many records from the run's beginning as fit in `room`, at least one. */
function fill(run: Run, room: number): Run {
  if (run.bytes.length <= room) return run;
  let count = 0;
  let size = 0;
  for (let end = run.bytes.indexOf(LF); end !== -1; end = run.bytes.indexOf(LF, size)) {
    if (count > 0 && end + 1 > room) break;
    size = end + 1;
    count += 1;
  }
  return { ...run, count, bytes: run.bytes.subarray(0, size) };
}

function after(run: Run, part: Run): Run {
  return {
    ...run,
    first: endOf(part),
    count: run.count - part.count,
    bytes: run.bytes.subarray(part.bytes.length),
  };
}

function addPart(pack: Pack, part: Run): void {
  if (pack.ts.at(-1)?.[1] !== part.ts) pack.ts.push([part.first, part.ts]);
  pack.parts.push(part.bytes);
  pack.count += part.count;
  pack.raw += part.bytes.length;
}

/** Divides the lines of a pack among the batches that they came in. `ts`: first record and arrival of each. */
export function unpackRuns(
  pack: { first: number; count: number; ts: readonly (readonly [number, number])[] },
  bytes: Buffer,
): Run[] {
  let start = 0;
  return pack.ts.map(([first, ts], i) => {
    const next = pack.ts[i + 1]?.[0];
    const count = (next ?? endOf(pack)) - first;
    const end = next === undefined ? bytes.length : skipLines(bytes, start, count);
    const run = { first, count, ts, bytes: bytes.subarray(start, end) };
    start = end;
    return run;
  });
}
