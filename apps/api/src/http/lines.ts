import { bodyPieces } from './body.ts';
import type { Incoming } from './incoming.ts';
import { sizeErrors } from './size-errors.ts';

export interface LineLimits {
  /** Longest line, bytes. */
  maxLineBytes: number;
  /** Longest body before and after its content encoding, bytes. */
  maxBytes: number;
  /** What the lines are, for the words of an error: `item`. */
  what?: string;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * The lines of a body as they arrive, without line ends and without blank lines: one list for each piece that came
 * in, so that memory stays flat however long the body is. The media type has no say. Throws `too_large`, or `invalid`
 * for a broken encoding; what is left of the body is then read and thrown away.
 */
export async function* readLines(req: Incoming, limits: LineLimits): AsyncGenerator<Buffer[]> {
  const splitter = createSplitter(limits);
  for await (const piece of bodyPieces(req, limits.maxBytes)) {
    const lines = splitter.push(piece);
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

interface Splitter {
  push(chunk: Buffer): Buffer[];
  end(): Buffer[];
}

function createSplitter({ maxLineBytes, what }: LineLimits): Splitter {
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;

  function take(lines: Buffer[], piece: Buffer): void {
    const line = trimmed(rest.length === 0 ? piece : Buffer.concat([...rest, piece]));
    rest = [];
    restBytes = 0;
    if (line.length > maxLineBytes) throw sizeErrors.line(maxLineBytes, { what, number, bytes: line.length });
    if (line.length === 0) return;
    lines.push(line);
    number += 1;
  }

  return {
    push(chunk) {
      const lines: Buffer[] = [];
      let at = 0;
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
        take(lines, chunk.subarray(at, end));
        at = end + 1;
      }
      if (at < chunk.length) {
        rest.push(chunk.subarray(at));
        restBytes += chunk.length - at;
        // Some spaces around a line of the greatest length are no reason to refuse it.
        if (restBytes > 2 * maxLineBytes)
          throw sizeErrors.line(maxLineBytes, { what, number, bytes: restBytes });
      }
      return lines;
    },
    end() {
      const lines: Buffer[] = [];
      if (rest.length > 0) take(lines, Buffer.alloc(0));
      return lines;
    },
  };
}

/** Without space at both ends: it means nothing, and answers are lines. */
function trimmed(line: Buffer): Buffer {
  let start = 0;
  let end = line.length;
  while (start < end && isSpace(line[start] as number)) start += 1;
  while (end > start && isSpace(line[end - 1] as number)) end -= 1;
  return start === 0 && end === line.length ? line : line.subarray(start, end);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CR;
}

/** Joins what arrives in pieces to lists of about `bytes`, the last one shorter. */
export async function* gatherLines(pieces: AsyncIterable<Buffer[]>, bytes: number): AsyncGenerator<Buffer[]> {
  let lines: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    for (const line of piece) {
      if (size > 0 && size + line.length > bytes) {
        yield lines;
        lines = [];
        size = 0;
      }
      lines.push(line);
      size += line.length;
    }
  }
  if (lines.length > 0) yield lines;
}
