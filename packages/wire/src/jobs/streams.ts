import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS } from '../errors.ts';
import { Count, None, OfJob, queryNumber } from '../fields.ts';
import { attempt, recordNumber, searched } from './logs.ts';

const RequestRecord = z
  .strictObject({
    n: Count,
    time: z.number().nullable(),
    method: z.string(),
    status: z.number().nullable(),
    /** Cut at 2,048 characters. */
    url: z.string(),
    /** Milliseconds. */
    duration: z.number().nullable(),
    /** Bytes of the response. */
    size: z.number().nullable(),
    fingerprint: z.string().nullable(),
    /** Number of the request that it came from. */
    parent: z.number().nullable(),
  })
  .meta({ id: 'RequestRecord' });

/** Six numbers each: ms since 1970, requests, pages, items, errors so far, resident memory in KiB. */
const Sample = z.array(z.number().nullable()).meta({ id: 'Sample' });

export const streamContracts = {
  readRequests: contract({
    id: 'readRequests',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/requests',
    summary: 'A part of the requests of a job, filtered by status and address',
    params: OfJob,
    query: z.strictObject({
      from: recordNumber.optional(),
      limit: queryNumber(1, 1000).optional(),
      /** `404`, or a family: `5xx`. */
      status: z
        .string()
        .regex(/^[1-9](\d\d|xx)$/, 'expected 404 or 4xx')
        .optional(),
      /** Text that the address holds. */
      q: z.string().max(500).optional(),
      attempt,
    }),
    body: null,
    reply: z.strictObject({ ...searched, requests: z.array(RequestRecord) }).meta({ id: 'RequestPage' }),
    errors: READ_ERRORS,
  }),
  readSamples: contract({
    id: 'readSamples',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/samples',
    summary: 'What a job measured while it ran, thinned to so many points',
    params: OfJob,
    query: z.strictObject({ points: queryNumber(2, 5000).optional(), attempt }),
    body: null,
    reply: z
      .strictObject({
        points: z.array(Sample),
        /** How many there are before thinning. */
        total: Count,
      })
      .meta({ id: 'Samples' }),
    errors: READ_ERRORS,
  }),
  readStats: contract({
    id: 'readStats',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/stats',
    summary: "Scrapy's stats of a job beside those of the last good run before it",
    params: OfJob,
    query: None,
    body: null,
    reply: z
      .strictObject({
        /** Sorted by name; values are JSON text, null for what one of the two does not have. */
        stats: z.array(
          z.strictObject({ name: z.string(), value: z.string().nullable(), before: z.string().nullable() }),
        ),
        /** Key of the run beside; null when there is none. */
        beside: z.string().nullable(),
      })
      .meta({ id: 'JobStats' }),
    errors: READ_ERRORS,
  }),
  downloadItems: download('items'),
  downloadLogs: download('logs'),
  downloadRequests: download('requests'),
};

/** Each stream has a path of its own, since who may read one may perhaps not read another. */
function download(stream: 'items' | 'logs' | 'requests') {
  return contract({
    id: `download${stream[0]?.toUpperCase()}${stream.slice(1)}`,
    method: 'get',
    path: `/projects/:project/jobs/:spider/:job/download/${stream}/:format`,
    summary: `All ${stream} of a job as a file`,
    params: OfJob.extend({ format: z.enum(['jl', 'json', 'csv', 'xml', 'txt']) }),
    query: z.strictObject({
      /** Columns of a CSV, as a JSON list; of items all fields that were counted, the fullest first, by default. */
      fields: z.string().max(20_000).optional(),
      /** `false`: texts that a spreadsheet would run as formulas stay as they are. */
      guard: z.enum(['true', 'false']).optional(),
      attempt,
    }),
    body: null,
    reply: z.string(),
    sends: ['application/x-jsonlines', 'application/json', 'text/csv', 'application/xml', 'text/plain'],
    errors: READ_ERRORS,
  });
}
