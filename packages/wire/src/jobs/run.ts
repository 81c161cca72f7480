import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from '../errors.ts';
import { Named, OfJob, OfProject } from '../fields.ts';
import { Tags } from './fields.ts';

const MAX_NAMED = 1000;
const MAX_UNITS = 6;

const runFields = {
  spider: z.string().min(1).max(255),
  args: z.array(Named).max(MAX_NAMED).optional(),
  tags: Tags.optional(),
  /** 0 is the lowest, 4 the highest; 2 by default. */
  priority: z.int().min(0).max(4).optional(),
  units: z.int().min(1).max(MAX_UNITS).optional(),
  /** A deployed version; null: the one in use when the job starts. */
  version: z.string().max(255).nullable().optional(),
  /** Values are JSON text: `"DEBUG"`, `5`, `true`. */
  settings: z.array(Named).max(MAX_NAMED).optional(),
  environment: z.array(Named).max(MAX_NAMED).optional(),
  /** Words of a script's command line; for scripts only. */
  command: z.array(z.string()).max(MAX_NAMED).nullable().optional(),
};

/** What a job is started with. */
export const RunRequest = z.strictObject({
  ...runFields,
  /** Also beside an active job of the same spider with the same arguments, which is a conflict otherwise. */
  parallel: z.boolean().optional(),
});

export const JobRun = z.strictObject({ key: z.string() }).meta({ id: 'JobRun' });

export const runJob = contract({
  id: 'runJob',
  method: 'post',
  path: '/projects/:project/jobs',
  summary: 'Run a spider or a script; the same `Idempotency-Key` always means the same job',
  params: OfProject,
  query: z.strictObject({}),
  body: RunRequest,
  reply: JobRun,
  errors: WRITE_ERRORS,
});

export const readRunAgain = contract({
  id: 'readRunAgain',
  method: 'get',
  path: '/projects/:project/jobs/:spider/:job/again',
  summary: 'What it takes to run a job again: the body of a run, without values of secrets',
  params: OfJob,
  query: z.strictObject({}),
  body: null,
  reply: z.strictObject(runFields).required().meta({ id: 'RunAgain' }),
  errors: READ_ERRORS,
});
