import { DEFAULT_STATUS, type ErrorDialect } from '../../http/errors.ts';

/**
 * Errors of the Jobs API. The clients read `status` and `message` and look for the words of a few messages; a
 * duplicate is answered 400 (recorded), which is also what a job in the wrong state gets.
 */
export const jobsApiErrors: ErrorDialect = {
  statusOf: { ...DEFAULT_STATUS, conflict: 400 },
  body: (message) => ({ status: 'error', message }),
};
