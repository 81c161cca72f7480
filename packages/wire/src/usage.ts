import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS } from './errors.ts';
import { Count, None, OfProject } from './fields.ts';

const Usage = z
  .strictObject({
    /** How many there are in each state. */
    jobs: z.strictObject({ pending: Count, running: Count, finished: Count, deleted: Count }),
    /** Rows that its jobs brought home, those of jobs that are deleted and not yet gone, too. */
    items: Count,
    /** Eggs and reports, bytes; what several projects name counts for each. */
    blobBytes: Count,
    /**
     * All that it takes on disk, bytes, as it was measured last: every ten minutes where there is time. Null as long as it
     * was not measured.
     */
    storedBytes: Count.nullable(),
  })
  .meta({ id: 'Usage' });

export const usageContracts = {
  readProjectUsage: contract({
    id: 'readProjectUsage',
    method: 'get',
    path: '/projects/:project/usage',
    summary: 'What a project has of jobs, items and bytes; the numbers may be a minute old',
    params: OfProject,
    query: None,
    body: null,
    reply: Usage,
    errors: READ_ERRORS,
  }),
};
