import type { JobKey } from '../jobs/job.ts';

/** A file about a job. */
export interface Report {
  job: JobKey;
  key: string;
  contentType: string;
  sha256: string;
  sizeBytes: number;
  createdBy: string;
}

export interface ReportStore {
  /** Stores or replaces the report of this key. False when there is no such job. */
  save(report: Report): Promise<boolean>;
  list(job: JobKey): Promise<Report[]>;
}
