import { bulkContracts } from './bulk.ts';
import { compareJobs } from './compare.ts';
import { itemContracts } from './items.ts';
import { listJobs } from './list.ts';
import { logContracts } from './logs.ts';
import { jobContracts as oneJob } from './one.ts';
import { readRunAgain, runJob } from './run.ts';
import { streamContracts } from './streams.ts';

/** Jobs of a project, their streams included. */
export const jobContracts = {
  listJobs,
  runJob,
  readRunAgain,
  ...oneJob,
  ...bulkContracts,
  ...logContracts,
  ...itemContracts,
  ...streamContracts,
  compareJobs,
};
