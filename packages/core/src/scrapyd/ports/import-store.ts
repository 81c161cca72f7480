/** A job that another server ran to its end. */
export interface EndedJob {
  project: number;
  spider: string;
  /** The name it had there. */
  alias: string;
  startedAt: Date;
  endedAt: Date;
  closeReason: string | null;
  logs: number;
  errors: number;
}

/** What an import from Scrapyd writes that nobody else does. */
export interface ScrapydImportStore {
  /** The number of the new job's spider and its own; null when the project has a job of this name already. */
  addEnded(job: EndedJob, by: string): Promise<{ id: number; spider: number; job: number } | null>;
}
