import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS } from '../errors.ts';
import { Count, OfProject, queryNumber, Time } from '../fields.ts';
import { JobRow } from './fields.ts';

const MAX_QUERY = 2000;

/** Filter of jobs, as people write it: `spider:books state:failed -tag:consumed errors:>0 since:7d`. */
export const JobQuery = z.string().max(MAX_QUERY);

/** How many match: exact, or at least so many. */
export const BoundedCount = z
  .strictObject({ count: Count, atLeast: z.boolean() })
  .meta({ id: 'BoundedCount' });

export const JobCounts = z
  .strictObject({
    pending: Count,
    running: Count,
    finished: Count,
    /** Finished jobs that failed in the last 24 hours. */
    failed: BoundedCount,
  })
  .meta({ id: 'JobCounts' });

export const JobPage = z
  .strictObject({
    jobs: z.array(JobRow),
    /** Where the next page begins; null when this is the last one. */
    cursor: z.string().nullable(),
    /** Fewer jobs than asked for, and more may match: the search has come back to this moment, and goes on by the cursor. */
    searchedTo: Time.nullable(),
    /** Null on later pages. */
    matching: BoundedCount.nullable(),
    /** Of the whole project, whatever the filter; null on later pages. */
    counts: JobCounts.nullable(),
  })
  .meta({ id: 'JobPage' });

export const listJobs = contract({
  id: 'listJobs',
  method: 'get',
  path: '/projects/:project/jobs',
  summary: 'Jobs that match a filter, the newest change first, page by page',
  params: OfProject,
  query: z.strictObject({
    q: JobQuery.optional(),
    cursor: z.string().max(100).optional(),
    limit: queryNumber(1, 500).optional(),
    order: z.enum(['newest', 'oldest']).optional(),
  }),
  body: null,
  reply: JobPage,
  errors: READ_ERRORS,
});
