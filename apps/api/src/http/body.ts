import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { checkText, DomainError, requestErrors } from '@spiderhub/core';
import type { Request } from 'express';
import { HttpProblem } from './errors.ts';
import { type Params, parseParams } from './params.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** What is still read and thrown away of a body that was refused, so that its sender gets to read why. */
const MAX_DRAIN_BYTES = 64 * 1024 * 1024;

const inflate = promisify(gunzip);

/** Reads a form or a flat JSON object. Both give the same parameters. */
export async function readParams(req: Request): Promise<Params> {
  const type = mediaType(req);
  const raw = await readDecoded(req, MAX_BODY_BYTES);
  if (raw.length === 0) return parseParams('');
  if (!isUtf8(raw)) throw requestErrors.invalid('body', 'is not valid UTF-8');
  if (type === 'application/json') return readJson(raw.toString('utf8'));
  if (type === 'application/x-www-form-urlencoded') return parseParams(raw.toString('utf8'));
  throw new HttpProblem(415, 'Content-Type must be application/x-www-form-urlencoded or application/json');
}

const CHARSET = /charset *= *"?([\w-]+)/i;
const UTF8 = /^(utf-?8|us-ascii)$/i;

function mediaType(req: Request): string {
  const header = req.headers['content-type'] ?? '';
  if (header === 'application/x-www-form-urlencoded') return header;
  const charset = CHARSET.exec(header)?.[1];
  if (charset !== undefined && !UTF8.test(charset)) throw new HttpProblem(415, 'charset must be UTF-8');
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/**
 * Reads a whole body of at most `maxBytes`, before and after its content encoding. Throws `too_large`, or `invalid`
 * for a broken encoding.
 */
export async function readDecoded(req: Request, maxBytes: number): Promise<Buffer> {
  const isZipped = isGzip(req);
  const raw = await readRaw(req, maxBytes);
  return isZipped && raw.length > 0 ? inflateUpTo(raw, maxBytes) : raw;
}

/** Whether a body is gzip. Throws for an encoding that we do not know. */
export function isGzip(req: Request): boolean {
  const encoding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== '') {
    throw new HttpProblem(415, 'Content-Encoding must be gzip or identity');
  }
  return encoding === 'gzip';
}

async function inflateUpTo(raw: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await inflate(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw badGzip();
  }
}

export function badGzip(): DomainError {
  return requestErrors.invalid('body', 'is not valid gzip');
}

function readRaw(req: Request, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) {
    drain(req);
    return Promise.reject(tooLarge(maxBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    function take(chunk: Buffer): void {
      received += chunk.length;
      if (received <= maxBytes) return void chunks.push(chunk);
      req.off('data', take);
      drain(req);
      reject(tooLarge(maxBytes));
    }
    req.on('data', take);
    req.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    req.once('error', reject);
  });
}

/** Throws the rest of a body away, and the connection too when there is no end to it. */
export function drain(req: Request): void {
  let dropped = 0;
  req.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MAX_DRAIN_BYTES) req.destroy();
  });
}

export function tooLarge(maxBytes: number): DomainError {
  return new DomainError('too_large', 'body_too_large', `the body is larger than ${maxBytes} bytes`);
}

function readJson(text: string): Params {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw requestErrors.invalid('body', 'expected a JSON object');
  }
  const params = parseParams('');
  for (const [name, field] of Object.entries(value)) {
    checkText('body', name);
    params[name] = Array.isArray(field) ? field.map((one) => scalar(name, one)) : scalar(name, field);
  }
  return params;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw requestErrors.invalid('body', 'is not valid JSON');
  }
}

function scalar(name: string, value: unknown): string {
  const text =
    typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : value;
  if (typeof text !== 'string')
    throw requestErrors.invalid(name, 'expected a string, a number or a list of them');
  return checkText(name.slice(0, 100), text);
}
