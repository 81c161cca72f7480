import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from '../errors.ts';
import { Done, None, OfJob } from '../fields.ts';
import { Job, Tags } from './fields.ts';

const shared = { params: OfJob, query: None };

export const jobContracts = {
  readJob: contract({
    ...shared,
    id: 'readJob',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job',
    summary: 'A job, with its attempts and what is usual for its spider',
    body: null,
    reply: Job,
    errors: READ_ERRORS,
  }),
  stopJob: contract({
    ...shared,
    id: 'stopJob',
    method: 'post',
    path: '/projects/:project/jobs/:spider/:job/stop',
    summary: 'Cancel a pending job, or ask a running one to stop',
    body: z.strictObject({
      /** True: its process is killed, and what it had in hand is lost. */
      kill: z.boolean().optional(),
    }),
    reply: z.strictObject({ stopped: z.boolean() }).meta({ id: 'Stopped' }),
    errors: WRITE_ERRORS,
  }),
  deleteJob: contract({
    ...shared,
    id: 'deleteJob',
    method: 'delete',
    path: '/projects/:project/jobs/:spider/:job',
    summary: 'Delete a job with its data',
    body: null,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  tagJob: contract({
    ...shared,
    id: 'tagJob',
    method: 'post',
    path: '/projects/:project/jobs/:spider/:job/tags',
    summary: 'Add and remove tags of a job',
    body: z.strictObject({ add: Tags.optional(), remove: Tags.optional() }),
    reply: z.strictObject({ tags: z.array(z.string()) }).meta({ id: 'JobTags' }),
    errors: WRITE_ERRORS,
  }),
};
