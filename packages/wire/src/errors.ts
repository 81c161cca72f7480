import { z } from 'zod';
import type { ErrorStatus } from './contract.ts';

/** Every error of `/console`, whatever its status. */
export const ErrorReply = z
  .strictObject({
    error: z.strictObject({
      /** A stable word that programs compare. */
      code: z.string(),
      /** For people; begins with the parameter to mend. */
      message: z.string(),
      /** The parameter that is wrong. */
      field: z.string().optional(),
      /** Where to begin anew, when a cursor is not good any more. */
      cursor: z.string().optional(),
    }),
  })
  .meta({ id: 'Error' });

export const STATUS_WORDS: Readonly<Record<ErrorStatus, string>> = {
  400: 'The request cannot be right however often it is sent',
  401: 'No credentials, or wrong ones',
  403: 'The caller may not do this',
  404: 'There is no such thing, or not for the caller',
  409: 'Not possible in the present state',
  410: 'The cursor is of another event log, or of a time that is not kept: `cursor` says where to begin anew',
  413: 'The request is too large',
  415: 'The body is not JSON',
  429: 'Too many requests: `Retry-After` says when to come again',
  503: 'The service lacks something that it needs, try again later',
};

const ALWAYS = [400, 401, 429, 503] as const satisfies ErrorStatus[];

/** What a read of a thing may answer. */
export const READ_ERRORS: readonly ErrorStatus[] = [...ALWAYS, 403, 404];
/** What a change of a thing may answer. */
export const WRITE_ERRORS: readonly ErrorStatus[] = [...ALWAYS, 403, 404, 409, 413, 415];
