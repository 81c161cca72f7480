import type { JobKey } from '../jobs/job.ts';

/** Signed words that let a crawl reach its own job's data. They say which job, not for how long: see JobAccess. */
export interface JobTokens {
  /** A token for one job, for the password of Basic credentials whose user name is the job's key. */
  sign(key: JobKey): string;
  /** True when `token` was signed here for exactly this job. Never throws. */
  verify(key: JobKey, token: string): boolean;
}
