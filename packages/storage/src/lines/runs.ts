const LF = 0x0a;

/** Records with consecutive numbers that arrived together. */
export interface Run {
  first: number;
  count: number;
  /** Arrival, ms since the epoch. */
  ts: number;
  /** The lines, each with its LF. */
  bytes: Buffer;
}

/** Throws when a line holds a line end: it would be two records. */
export function assertLines(lines: readonly Buffer[]): void {
  for (const line of lines) if (line.includes(LF)) throw new TypeError('a record must not hold a line end');
}

/** Joins lines that came without line ends. */
export function joinRun(first: number, ts: number, lines: readonly Buffer[]): Run {
  const bytes = Buffer.allocUnsafe(sizeOf(lines));
  let at = 0;
  for (const line of lines) {
    at += line.copy(bytes, at);
    bytes[at] = LF;
    at += 1;
  }
  return { first, count: lines.length, ts, bytes };
}

/** Bytes of the lines with their line ends. */
function sizeOf(lines: readonly Buffer[]): number {
  let size = 0;
  for (const line of lines) size += line.length + 1;
  return size;
}

export function endOf(run: { first: number; count: number }): number {
  return run.first + run.count;
}

/** The lines of the run without line ends, as views on its bytes. */
export function linesOf(run: Run): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = run.bytes.indexOf(LF); end !== -1; end = run.bytes.indexOf(LF, start)) {
    lines.push(run.bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** Offset behind the `count`th line end at or after `from`; -1 when there are fewer. */
export function skipLines(bytes: Buffer, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0; left -= 1) {
    const end = bytes.indexOf(LF, at);
    if (end === -1) return -1;
    at = end + 1;
  }
  return at;
}

/** The part of a run that lies in [from, to), or null when there is none. */
export function cutRun(run: Run, from: number, to: number): Run | null {
  const first = Math.max(run.first, from);
  const count = Math.min(endOf(run), to) - first;
  if (count <= 0) return null;
  if (count === run.count) return run;
  const start = skipLines(run.bytes, 0, first - run.first);
  const end = skipLines(run.bytes, start, count);
  return { first, count, ts: run.ts, bytes: run.bytes.subarray(start, end) };
}

export function cutRuns(runs: readonly Run[], from: number, to: number): Run[] {
  return runs.map((run) => cutRun(run, from, to)).filter((run) => run !== null);
}
