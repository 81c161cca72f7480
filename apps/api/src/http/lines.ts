import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DomainError, requestErrors } from '@spiderhub/core';
import type { Request } from 'express';
import { drain } from './body.ts';
import { HttpProblem } from './errors.ts';

export interface LineLimits {
  /** Longest line, bytes. */
  maxLineBytes: number;
  /** Longest body after its content encoding, bytes. */
  maxBytes: number;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * The lines of a body as they arrive, without line ends and without blank lines: one list for each piece that came
 * in, so that memory stays flat however long the body is. The media type has no say. Throws `too_large`, or `invalid`
 * for a broken encoding; what is left of the body is then read and thrown away.
 */
export async function* readLines(req: Request, limits: LineLimits): AsyncGenerator<Buffer[]> {
  const source = decoded(req);
  const splitter = createSplitter(limits);
  let isEmpty = true;
  if (source !== req) req.once('data', () => (isEmpty = false));
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      const lines = splitter.push(chunk as Buffer);
      if (lines.length > 0) yield lines;
    }
    const last = splitter.end();
    if (last.length > 0) yield last;
  } catch (error) {
    if (!isBroken(error)) throw error;
    // Clients name their encoding even when there is nothing to encode.
    if (!isEmpty) throw requestErrors.invalid('body', 'is not valid gzip');
  } finally {
    if (source !== req) {
      req.unpipe();
      source.destroy();
    }
    if (!req.readableEnded) drain(req);
  }
}

function decoded(req: Request): Readable {
  const encoding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return req;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new HttpProblem(415, 'Content-Encoding must be gzip or identity');
  }
  const gunzip = createGunzip();
  // A sender that goes away must not look like the end of its data.
  req.once('error', (error) => gunzip.destroy(error));
  return req.pipe(gunzip);
}

function isBroken(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^Z_(DATA|BUF)_ERROR$/.test(code);
}

interface Splitter {
  push(chunk: Buffer): Buffer[];
  end(): Buffer[];
}

function createSplitter({ maxLineBytes, maxBytes }: LineLimits): Splitter {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let total = 0;

  function take(lines: Buffer[], piece: Buffer): void {
    const line = trimmed(rest.length === 0 ? piece : Buffer.concat([...rest, piece]));
    rest = [];
    restBytes = 0;
    if (line.length > maxLineBytes) throw tooLong(maxLineBytes);
    if (line.length > 0) lines.push(line);
  }

  return {
    push(chunk) {
      total += chunk.length;
      if (total > maxBytes)
        throw new DomainError('too_large', 'body_too_large', `the body is larger than ${maxBytes} bytes`);
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
        if (restBytes > 2 * maxLineBytes) throw tooLong(maxLineBytes);
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

function tooLong(maxLineBytes: number): DomainError {
  return new DomainError(
    'too_large',
    'value_too_large',
    `Serialized value too large - max ${maxLineBytes} bytes`,
  );
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
