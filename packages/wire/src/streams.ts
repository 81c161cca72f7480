import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS } from './errors.ts';
import { None, OfJob, QueryList } from './fields.ts';

const MEDIA = { body: null, reply: z.string(), media: 'text/event-stream', method: 'get' } as const;

/** Number of a record, `now`, or how an event was called by `id:`. */
const After = z
  .string()
  .regex(/^(now|\d{1,15}|\d{1,9}-\d{1,15})$/, 'expected the number of a record, or now')
  .optional();

const StreamQuery = z.strictObject({ after: After });

export const streamContracts = {
  streamLog: contract({
    ...MEDIA,
    id: 'streamLog',
    path: '/jobs/:project/:spider/:job/log/stream',
    summary: "A job's log as it is written, as Server-Sent Events",
    params: OfJob,
    query: StreamQuery.extend({
      /** Lines of this level and above. */
      level: z
        .string()
        .regex(
          /^(DEBUG|INFO|WARNING|ERROR|CRITICAL|\d{1,3})$/i,
          'expected DEBUG, INFO, WARNING, ERROR or CRITICAL',
        )
        .optional(),
    }),
    errors: READ_ERRORS,
  }),
  streamItems: contract({
    ...MEDIA,
    id: 'streamItems',
    path: '/jobs/:project/:spider/:job/items/stream',
    summary: "A job's items as they are written, as Server-Sent Events",
    params: OfJob,
    query: StreamQuery,
    errors: READ_ERRORS,
  }),
  streamRequests: contract({
    ...MEDIA,
    id: 'streamRequests',
    path: '/jobs/:project/:spider/:job/requests/stream',
    summary: "A job's requests as they are made, as Server-Sent Events",
    params: OfJob,
    query: StreamQuery,
    errors: READ_ERRORS,
  }),
  streamPage: contract({
    ...MEDIA,
    id: 'streamPage',
    path: '/stream',
    summary: 'Small facts about projects and jobs that somebody looks at, as Server-Sent Events',
    params: None,
    query: z.strictObject({
      /** A cursor. */
      after: z.string().min(1).max(100).optional(),
      /** Numbers, separated by commas. */
      projects: QueryList,
      /** `project/spider/job`, separated by commas. */
      jobs: QueryList.optional(),
    }),
    errors: READ_ERRORS,
  }),
};
