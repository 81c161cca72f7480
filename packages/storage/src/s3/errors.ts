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
      `S3: ${what}: ${[status || '', code].join(' ').trim() || 'failed'}${hintOf(status, code)}`,
      cause === undefined ? {} : { cause },
    );
    this.name = 'S3Error';
    this.status = status;
    this.code = code;
  }

  /** The object is not there. Other things are not found, too, such as a bucket, or the owner of a key. */
  get isMissing(): boolean {
    return this.status === 404 && (this.code === 'NoSuchKey' || this.code === 'NotFound');
  }
}

const WRONG_REGION = 'the region or the endpoint in STORAGE_URL is not that of the bucket';
const ENDED = 'the keys were lent, and their time is over: AWS_SESSION_TOKEN';
const WRONG_KEYS = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not keys of this server';
const NO_RIGHTS = 'the keys lack a right that docs/storage.md names';
const NO_ROOM = 'there is no room left in the bucket';
const NO_SERVER = 'nothing listens at the endpoint of STORAGE_URL';
const NO_TRUST = "the server's certificate is of nobody that is trusted here: NODE_EXTRA_CA_CERTS";
/** What an operator can do about it. */
const HINTS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket: make it, or mend STORAGE_URL',
  InvalidAccessKeyId: WRONG_KEYS,
  SignatureDoesNotMatch: WRONG_KEYS,
  XAdminUserNotFound: WRONG_KEYS,
  AccessDenied: NO_RIGHTS,
  AllAccessDisabled: NO_RIGHTS,
  QuotaExceeded: NO_ROOM,
  EntityTooLarge: NO_ROOM,
  XMinioStorageFull: NO_ROOM,
  InsufficientStorage: NO_ROOM,
  RequestTimeTooSkewed: 'the clocks of this machine and of the server differ',
  AuthorizationHeaderMalformed: 'the region in STORAGE_URL is not that of the server',
  PermanentRedirect: WRONG_REGION,
  TemporaryRedirect: WRONG_REGION,
  ExpiredToken: ENDED,
  ECONNREFUSED: NO_SERVER,
  ENOTFOUND: 'the endpoint of STORAGE_URL has no address',
  SELF_SIGNED_CERT_IN_CHAIN: NO_TRUST,
  DEPTH_ZERO_SELF_SIGNED_CERT: NO_TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NO_TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NO_TRUST,
};

function hintOf(status: number, code: string): string {
  const hint = HINTS[code] ?? (status === 507 ? NO_ROOM : undefined);
  return hint === undefined ? '' : ` (${hint})`;
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

/** Whether an answer has an error in place of what was asked for, whatever its status. */
export function saysError({ body }: HttpReply): boolean {
  return textOf(body.toString('utf8', 0, 8192), 'Code') !== '';
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
