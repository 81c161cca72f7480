import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Request } from 'express';
import { badGzip, drain, isGzip, tooLarge } from './body.ts';

/**
 * A body in pieces as they come in, after its content encoding: at most `maxBytes` before and after it, and only one
 * piece in memory. Throws `too_large`, or `invalid` for a broken encoding. What is not read is thrown away, so that
 * the sender gets to read why.
 */
export async function* bodyPieces(req: Request, maxBytes: number): AsyncGenerator<Buffer> {
  const isZipped = isGzip(req);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) {
    drain(req);
    throw tooLarge(maxBytes);
  }
  if (isZipped) yield* inflated(req, maxBytes);
  else yield* upTo(maxBytes, req, req);
}

async function* inflated(req: Request, maxBytes: number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // `pipe` hands on pieces and the end, but not that the sender hung up.
  const hangUp = (error: Error) => gunzip.destroy(error);
  req.once('error', hangUp);
  req.pipe(gunzip);
  try {
    yield* upTo(maxBytes, gunzip, req);
  } catch (error) {
    throw String((error as { code?: unknown }).code).startsWith('Z_') ? badGzip() : error;
  } finally {
    req.unpipe(gunzip);
    gunzip.destroy();
  }
}

/** Pieces of a stream; the request behind it lives on however this ends, to be answered. */
async function* upTo(maxBytes: number, stream: Readable, req: Request): AsyncGenerator<Buffer> {
  let received = 0;
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
      received += (piece as Buffer).length;
      if (received > maxBytes) throw tooLarge(maxBytes);
      yield piece as Buffer;
    }
  } finally {
    drain(req);
  }
}
