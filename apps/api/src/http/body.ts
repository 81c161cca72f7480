import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { requestErrors } from '@spiderhub/core';
import { HttpProblem } from './errors.ts';
import type { Incoming } from './incoming.ts';
import { sizeErrors } from './size-errors.ts';

/** What is still read and thrown away of a body that was refused, so that its sender gets to read why. */
const MAX_DRAIN_BYTES = 64 * 1024 * 1024;

/**
 * A whole body after its content encoding: at most `maxBytes` before and after it. Throws `too_large`, or `invalid` for
 * a broken encoding.
 */
export async function readBody(req: Incoming, maxBytes: number): Promise<Buffer> {
  if (!isGzip(req)) return readPlain(req, maxBytes);
  const pieces: Buffer[] = [];
  for await (const piece of bodyPieces(req, maxBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * A body in pieces as they come in, and only one of them in memory; limits and errors are those of `readBody`. What is
 * not read is thrown away, so that the sender gets to read why.
 */
export async function* bodyPieces(req: Incoming, maxBytes: number): AsyncGenerator<Buffer> {
  const isZipped = isGzip(req);
  if (isAnnouncedLarger(req, maxBytes)) {
    drain(req);
    throw sizeErrors.body(maxBytes);
  }
  if (isZipped) yield* inflated(req, maxBytes);
  else yield* upTo(maxBytes, req, req);
}

async function* inflated(req: Incoming, maxBytes: number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  let received = 0;
  req.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > maxBytes) gunzip.destroy(sizeErrors.body(maxBytes));
  });
  // `pipe` hands on pieces and the end, but not that the sender hung up.
  req.once('error', (error) => gunzip.destroy(error));
  req.pipe(gunzip);
  try {
    yield* upTo(maxBytes, gunzip, req);
  } catch (error) {
    if (!isBroken(error)) throw error;
    // Clients name their encoding even when there is nothing to encode.
    if (received > 0) throw requestErrors.invalid('body', 'is not valid gzip');
  } finally {
    req.unpipe(gunzip);
    gunzip.destroy();
  }
}

/** Pieces of a stream; the request behind it lives on however this ends, to be answered. */
async function* upTo(maxBytes: number, stream: Readable, req: Incoming): AsyncGenerator<Buffer> {
  let received = 0;
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
      received += (piece as Buffer).length;
      if (received > maxBytes) throw sizeErrors.body(maxBytes);
      yield piece as Buffer;
    }
  } finally {
    if (!req.readableEnded) drain(req);
  }
}

function isBroken(error: unknown): boolean {
  return /^Z_(DATA|BUF)_ERROR$/.test(String((error as { code?: unknown } | null)?.code));
}

/** Throws for an encoding that we do not know. `x-gzip` is an old name (RFC 9110 8.4.1.3). */
function isGzip(req: Incoming): boolean {
  const encoding = req.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return false;
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  throw new HttpProblem(415, 'Content-Encoding must be gzip or identity');
}

/** Most requests are short and plain: listeners cost them less than a generator would. */
function readPlain(req: Incoming, maxBytes: number): Promise<Buffer> {
  if (isAnnouncedLarger(req, maxBytes)) {
    drain(req);
    return Promise.reject(sizeErrors.body(maxBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    function take(chunk: Buffer): void {
      received += chunk.length;
      if (received <= maxBytes) return void chunks.push(chunk);
      req.off('data', take);
      drain(req);
      reject(sizeErrors.body(maxBytes));
    }
    req.on('data', take);
    req.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    req.once('error', reject);
  });
}

function isAnnouncedLarger(req: Incoming, maxBytes: number): boolean {
  return Number(req.headers['content-length'] ?? 0) > maxBytes;
}

/** Throws the rest of a body away, and the connection too when there is no end to it. */
export function drain(req: Incoming): void {
  let dropped = 0;
  req.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MAX_DRAIN_BYTES) req.destroy();
  });
}
