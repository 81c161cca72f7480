import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS } from '../errors.ts';
import { Count, None, OfJob, queryNumber } from '../fields.ts';

export const MAX_RECORD_NUMBER = 999_999_999_999_999;

/** Which attempt of the job: the present one by default. */
export const attempt = queryNumber(0, 100_000).optional();
export const recordNumber = queryNumber(0, MAX_RECORD_NUMBER);
export const OfRecord = OfJob.extend({
  record: z
    .string()
    .regex(/^\d{1,15}$/, 'expected a record number')
    .transform(Number)
    .meta({ wholeNumber: true, minimum: 0, maximum: MAX_RECORD_NUMBER }),
});

const LogRecord = z
  .strictObject({
    /** Its number in the log, from 0. */
    n: Count,
    /** Milliseconds since 1970; null when it has none. */
    time: z.number().nullable(),
    /** Python's: 10 DEBUG, 20 INFO, 30 WARNING, 40 ERROR, 50 CRITICAL. */
    level: z.number(),
    /** Cut at 8,192 characters. */
    message: z.string(),
    /** Characters of the whole message. */
    size: Count,
  })
  .meta({ id: 'LogRecord' });

/** A part of a stream that was searched: at most 100 ms or 5 MB a call, whoever wants more goes on asking. */
export const searched = {
  /** Where to go on: the next `from`, with the same `back`. */
  scannedTo: Count,
  /** Nothing is left in this direction at the moment. */
  done: z.boolean(),
  /** Number of the last record plus one. */
  end: Count,
};

export const logContracts = {
  readLogs: contract({
    id: 'readLogs',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/logs',
    summary: 'A part of a log, filtered by level and text',
    params: OfJob,
    query: z.strictObject({
      /** Forward: the first record that is looked at. With `back`: the one behind the last; the end by default. */
      from: recordNumber.optional(),
      limit: queryNumber(1, 1000).optional(),
      /** The lowest level that is shown. */
      level: queryNumber(0, 100).optional(),
      /** Text that the message holds, whatever its case. */
      q: z.string().max(500).optional(),
      /** Towards the beginning. The records of an answer are in their order all the same. */
      back: z.enum(['true', 'false']).optional(),
      attempt,
    }),
    body: null,
    reply: z
      .strictObject({
        ...searched,
        records: z.array(LogRecord),
        /** How many there are of each level in all. */
        levels: z.array(z.strictObject({ level: z.int(), count: Count })),
      })
      .meta({ id: 'LogPage' }),
    errors: READ_ERRORS,
  }),
  readLogRecord: contract({
    id: 'readLogRecord',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/logs/:record',
    summary: 'One record of a log, whole up to a million characters',
    params: OfRecord,
    query: z.strictObject({ attempt }),
    body: null,
    reply: LogRecord,
    errors: READ_ERRORS,
  }),
  readErrors: contract({
    id: 'readErrors',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/errors',
    summary:
      'Errors of a job grouped by their shape: the same text but for numbers, addresses and quoted parts',
    params: OfJob,
    query: None,
    body: null,
    reply: z
      .strictObject({
        groups: z.array(
          z.strictObject({
            shape: z.string(),
            count: Count,
            /** Number of its first and last record in the log. */
            first: Count,
            last: Count,
            /** The first one's message, cut at 2,000 characters. */
            example: z.string(),
          }),
        ),
        /** How many errors the log has in all. */
        total: Count,
        /** Not all of them were looked at: the log is too long for one call. */
        isPartial: z.boolean(),
      })
      .meta({ id: 'ErrorGroups' }),
    errors: READ_ERRORS,
  }),
};
