import type { JobAddress } from '../../../api/jobs.ts';

/** Which log is looked at. */
export interface LogStream {
  address: JobAddress;
  attempt: number | undefined;
  queryKey: readonly unknown[];
  /** For times since then. */
  startedAt: string | null;
}
