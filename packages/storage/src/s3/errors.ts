import { serviceErrors } from '@spiderhub/core';
import type { HttpReply } from './http.ts';
import { textOf } from './xml.ts';

/** What S3 answered instead of doing what it was asked. The message is for the log: it names the object, no key. */
export class S3Error extends Error {
  /** 0 when there was no answer. */
  readonly status: number;
  /** In S3's words: NoSuchKey, SlowDown, … */
  readonly code: string;

  constructor(what: string, status: number, code: string, cause?: unknown) {
    super(
      `S3: ${what}: ${[status || '', code].join(' ').trim() || 'failed'}`,
      cause === undefined ? {} : { cause },
    );
    this.name = 'S3Error';
    this.status = status;
    this.code = code;
  }

  get isMissing(): boolean {
    return this.status === 404 && this.code !== 'NoSuchBucket';
  }
}

const BUSY_CODES: ReadonlySet<string> = new Set([
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  // What arrived is not what was sent.
  'BadDigest',
  'IncompleteBody',
]);
const SKEW_CODES: ReadonlySet<string> = new Set(['RequestTimeTooSkewed', 'RequestExpired']);
const STALE_CODES: ReadonlySet<string> = new Set(['ExpiredToken', 'InvalidToken', 'TokenRefreshRequired']);

/** An answer as an error; one that has no body is known by its status alone. */
export function errorOf(what: string, { status, body }: HttpReply): S3Error {
  const code = textOf(body.toString('utf8', 0, 8192), 'Code');
  return new S3Error(what, status, code || (status === 404 ? 'NoSuchKey' : ''));
}

/** Whether the same call may well be answered a little later. */
export function isPassing({ status, code }: S3Error): boolean {
  return status === 0 || status === 429 || status >= 500 || BUSY_CODES.has(code);
}

export function isSkewed({ code }: S3Error): boolean {
  return SKEW_CODES.has(code);
}

export function isStale({ code }: S3Error): boolean {
  return STALE_CODES.has(code);
}

/** For callers: a storage that does not answer is away for everybody. An object that is missing is no such thing. */
export function asUnavailable(error: unknown): unknown {
  const isAway = error instanceof S3Error && !error.isMissing;
  return isAway ? serviceErrors.unavailable('the object storage', error) : error;
}
