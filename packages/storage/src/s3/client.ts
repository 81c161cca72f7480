import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type S3Address, urlOf } from './address.ts';
import type { CredentialSource } from './credentials.ts';
import { errorOf, isPassing, isSkewed, isStale, S3Error, saysError } from './errors.ts';
import { call, type HttpReply } from './http.ts';
import { signed } from './sign.ts';

/** Time-outs and patience, ms. */
export interface S3Patience {
  /** A connection on which nothing was heard for so long is given up. */
  silenceMs: number;
  /** One try may take so long. */
  tryMs: number;
  /** After so long no further try begins. */
  givesUpMs: number;
  /** Longest pause before the second try; it doubles from then on. */
  firstPauseMs: number;
  longestPauseMs: number;
}

const PATIENCE: S3Patience = {
  silenceMs: 10_000,
  tryMs: 60_000,
  givesUpMs: 30_000,
  firstPauseMs: 100,
  longestPauseMs: 3000,
};

/** S3 takes signatures that are a quarter of an hour old; clocks nearer than this are not what is wrong, ms. */
const FAR_MS = 5 * 60_000;

export interface S3ClientOptions {
  address: S3Address;
  credentials: CredentialSource;
  patience?: Partial<S3Patience>;
  /** Hears of each try: method, what was asked for, and how it ended. */
  onTry?: (method: string, what: string, error: S3Error | null) => void;
}

export interface S3Call {
  method: 'GET' | 'PUT' | 'HEAD' | 'POST' | 'DELETE';
  /** Behind the prefix; none for the bucket itself. */
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Buffer;
  /** Gets a part of an object piece by piece, from its beginning again when the call is tried again. */
  take?: (chunk: Buffer, at: number) => void;
  /** The body says something about an object whose checksum is another one: none is sent. */
  isAboutObject?: boolean;
  /** SHA-256 of the body in hex, where it is known. */
  sha256?: string;
  /** After so long no further try begins, ms; the client's patience without. */
  givesUpMs?: number;
  /** Stops trying. */
  signal?: AbortSignal | undefined;
}

/** Asks S3, again when it is busy or away. */
export interface S3Client {
  address: S3Address;
  /** The answer, which is a good one. Throws S3Error. */
  ask(request: S3Call): Promise<HttpReply>;
}

export function createS3Client({ address, credentials, patience, onTry }: S3ClientOptions): S3Client {
  const limits = { ...PATIENCE, ...patience };
  /** What the server's clock is ahead of ours, ms. */
  let skewMs = 0;

  async function headersOf(request: S3Call, url: URL, renew: boolean): Promise<Record<string, string>> {
    return signed(
      { method: request.method, url, headers: { ...request.headers, ...checksOf(request, url) } },
      {
        credentials: await credentials(renew),
        region: address.region,
        at: Date.now() + skewMs,
      },
    );
  }

  async function tryOnce(request: S3Call, renew: boolean): Promise<HttpReply> {
    const url = urlOf(address, request.key);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const what = `${request.method} ${request.key ?? address.bucket}`;
    const headers = await headersOf(request, url, renew);
    const { method, body, take } = request;
    const reply = await call(
      { method, url, headers, body, take },
      { silenceMs: limits.silenceMs, longestMs: limits.tryMs },
    ).catch((cause: unknown) => {
      throw new S3Error(what, 0, (cause as { code?: string }).code ?? 'no answer', cause);
    });
    // S3 may say 200 first and then think of an error.
    const isGood = reply.status >= 200 && reply.status < 300 && !(request.isAboutObject && saysError(reply));
    if (isGood) return reply;
    throw told(what, reply);
  }

  function told(what: string, reply: HttpReply): S3Error {
    const error = errorOf(what, reply);
    const found = skewOf(reply);
    // An answer to HEAD has no words: then a clock that is far from ours is reason enough.
    const isOff = found !== null && Math.abs(found - skewMs) > FAR_MS;
    if (!isSkewed(error) && !(error.status === 403 && isOff)) return error;
    skewMs = found ?? skewMs;
    return new S3Error(what, error.status, 'RequestTimeTooSkewed');
  }

  async function ask(request: S3Call): Promise<HttpReply> {
    const givesUp = Date.now() + (request.givesUpMs ?? limits.givesUpMs);
    let isMended = false;
    for (let tries = 1, renew = false; ; tries += 1) {
      const outcome = await tryOnce(request, renew).catch(asS3Error(request));
      onTry?.(request.method, request.key ?? '', outcome instanceof S3Error ? outcome : null);
      if (!(outcome instanceof S3Error)) return outcome;
      // A wrong clock and keys that ended are mended once, at once.
      renew = isStale(outcome);
      if (!isMended && (renew || isSkewed(outcome))) {
        isMended = true;
        continue;
      }
      const pause = pauseAfter(tries, limits);
      if (!isPassing(outcome) || Date.now() + pause > givesUp) throw outcome;
      await delay(pause, undefined, request.signal && { signal: request.signal });
    }
  }

  return { address, ask };
}

/** What is no answer at all, such as keys that nobody gives us, may pass, too. */
function asS3Error({ method, key }: S3Call): (error: unknown) => S3Error {
  return (error) =>
    error instanceof S3Error
      ? error
      : new S3Error(`${method} ${key ?? ''}`, 0, error instanceof Error ? error.message : 'failed', error);
}

/** The server compares what arrived with these. TLS guards the body already: then its hash would be waste. */
function checksOf({ body, sha256, isAboutObject }: S3Call, url: URL): Record<string, string> {
  if (!body) return { 'x-amz-content-sha256': EMPTY_SHA256 };
  const hash =
    url.protocol === 'https:' && !isAboutObject
      ? 'UNSIGNED-PAYLOAD'
      : createHash('sha256').update(body).digest('hex');
  const content = { 'x-amz-content-sha256': sha256 ?? hash };
  return isAboutObject ? content : { ...content, 'x-amz-checksum-crc32': crcText(body) };
}

const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** CRC-32 as S3 writes it: four bytes in base64. */
export function crcText(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

function skewOf({ headers }: HttpReply): number | null {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? null : date - Date.now();
}

/** Random, so that those who were turned away together do not come back together. */
function pauseAfter(tries: number, { firstPauseMs, longestPauseMs }: S3Patience): number {
  return Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1));
}
