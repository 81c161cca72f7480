import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { inTurns } from './traffic.ts';

/** A long answer: only as much of it is in memory as the client is about to read. */
export class StreamReply {
  readonly type: string;
  readonly source: AsyncIterable<string | Buffer>;
  readonly options: StreamOptions;

  constructor(type: string, source: AsyncIterable<string | Buffer>, options: StreamOptions = {}) {
    this.type = type;
    this.source = source;
    this.options = options;
  }
}

export interface StreamOptions {
  /** Sends each piece at once instead of gathering small ones: for progress that somebody watches. */
  eager?: boolean;
  headers?: Record<string, string>;
}

const CHUNK_BYTES = 64 * 1024;

/** Sends a long answer of a dialect's operation: data that no browser is to run or to keep. */
export function sendStream(
  req: Request,
  res: Response,
  { type, source, options }: StreamReply,
): Promise<void> {
  const headers = {
    'Content-Type': type,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cache-Control': 'no-store',
    ...options.headers,
  };
  return sendPieces(req, res, headers, options.eager ? source : gathered(source));
}

/**
 * Sends pieces as the body of a 200. An error before the first one is thrown and gets an answer of its own; one after
 * it cuts the connection, so that the client sees that the answer is not complete. A client that reads slowly is waited
 * for; one that goes away ends the source.
 */
export async function sendPieces(
  req: Request,
  res: Response,
  headers: Record<string, string>,
  pieces: AsyncIterable<string | Buffer>,
): Promise<void> {
  const chunks = inTurns(pieces, res)[Symbol.asyncIterator]();
  const first = await chunks.next();
  res.writeHead(200, headers);
  if (first.done || req.method === 'HEAD') {
    await chunks.return?.(undefined);
    res.end();
    return;
  }
  await pipeline(resumed(first.value, chunks), res);
}

async function* resumed<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * Joins small pieces, so that a million short lines are not a million writes. Pieces that are ASCII are copied faster as
 * `latin1`.
 */
export async function* gathered(
  source: AsyncIterable<string | Buffer>,
  encoding: 'utf8' | 'latin1' = 'utf8',
): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of source) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, encoding) : piece;
    if (size === 0 && bytes.length >= CHUNK_BYTES) {
      yield bytes;
      continue;
    }
    pieces.push(bytes);
    size += bytes.length;
    if (size < CHUNK_BYTES) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(pieces);
}

/**
 * Lines that `work` says while it runs, and the line that it returns as the last one. The work goes on to its end
 * even when nobody listens any more.
 */
export async function* progressLines(
  work: (say: (line: string) => void) => Promise<string>,
): AsyncGenerator<string> {
  const said: string[] = [];
  let isDone = false;
  let wake = () => {};
  function say(line: string): void {
    said.push(line);
    wake();
  }
  const working = work(say)
    .then(say)
    .finally(() => {
      isDone = true;
      wake();
    });
  // Whoever stopped listening does not hear of the failure either.
  working.catch(() => {});
  while (!isDone || said.length > 0) {
    if (said.length > 0) yield `${said.splice(0).join('\n')}\n`;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  await working;
}
