import { z } from 'zod';
import { contract } from '../contract.ts';
import { WRITE_ERRORS } from '../errors.ts';
import { Count, None, OfProject } from '../fields.ts';
import { Tags } from './fields.ts';
import { JobQuery } from './list.ts';

const MAX_KEYS = 1000;

/** Which jobs: by their keys, or all that match a filter, some hundreds a call. */
const selection = {
  keys: z.array(z.string().max(40)).max(MAX_KEYS).optional(),
  /** A filter as in the list of jobs. Jobs that begin to match after the first call are not meant. */
  q: JobQuery.optional(),
  /** What the call before has answered. */
  cursor: z.string().max(100).optional(),
};

/** What came of one call. The caller adds up, shows it, and calls again with the cursor until there is none. */
export const BulkReport = z
  .strictObject({
    done: Count,
    /** There was nothing to do: a job that is over cannot be stopped. */
    skipped: Count,
    /** Those that could not be done, and why; at most one for each job of this call. */
    refused: z.array(z.strictObject({ key: z.string(), why: z.string() })),
    /** Null: that was all. */
    cursor: z.string().nullable(),
  })
  .meta({ id: 'BulkReport' });

const shared = {
  method: 'post',
  params: OfProject,
  query: None,
  reply: BulkReport,
  errors: WRITE_ERRORS,
} as const;

export const bulkContracts = {
  stopJobs: contract({
    ...shared,
    id: 'stopJobs',
    path: '/projects/:project/bulk/stop',
    summary: 'Stop several jobs',
    body: z.strictObject(selection),
  }),
  deleteJobs: contract({
    ...shared,
    id: 'deleteJobs',
    path: '/projects/:project/bulk/delete',
    summary: 'Delete several jobs with their data',
    body: z.strictObject(selection),
  }),
  tagJobs: contract({
    ...shared,
    id: 'tagJobs',
    path: '/projects/:project/bulk/tags',
    summary: 'Add and remove tags of several jobs',
    body: z.strictObject({ ...selection, add: Tags.optional(), remove: Tags.optional() }),
  }),
  runJobsAgain: contract({
    ...shared,
    id: 'runJobsAgain',
    path: '/projects/:project/bulk/run',
    summary: 'Run several jobs again, each as it was; the same `Idempotency-Key` always means the same jobs',
    body: z.strictObject(selection),
  }),
};
