import type { BoxDescription } from './description.ts';
import type { IsolationReport } from './level.ts';

/** Whose code it is and what it needs; everything else of the machine stays away. Paths are absolute. */
export interface Tenant {
  /** Number of the project, which has a user of its own where the service may change users. */
  project: number;
  /** The interpreter that runs it; all that belongs to it can be read. */
  python: string;
  /** Files and directories that can be read, with all below them. */
  readonly: string[];
  /** Files and directories that can be written to. They get the project's user. */
  writable: string[];
  /** Files among `readonly` that nobody else may read: they get the project's user. None when absent. */
  owned?: string[];
  /** Directory for temporary files, `/tmp` inside: one of `writable`, or below one. */
  tmp: string;
}

/** A crawl that is about to start. */
export interface CrawlTenant extends Tenant {
  /** What the attempt is called on this machine: its limits have that name, and are swept by it. */
  name: string;
  /** Units of the job: what it may use. */
  units: number;
}

/** A program that is run for a project beside its crawls. */
export interface ProgramTenant extends Tenant {
  /** Where it has a box: `none`, or the proxy that answers at a socket and nothing else. */
  network: 'none' | { proxy: string };
}

/**
 * Decides in which box code of tenants runs. Runners know this port and nothing of how boxes are made. A null means
 * that the code runs as this process does.
 */
export interface Boxing {
  readonly report: IsolationReport;
  ofCrawl(crawl: CrawlTenant): Promise<BoxDescription | null>;
  ofProgram(program: ProgramTenant): Promise<BoxDescription | null>;
  /** Takes away what was made for a crawl that has ended, by its name. */
  forget(name: string): Promise<void>;
}

/** No isolation at all. */
export const NO_BOXING: Boxing = {
  report: {
    level: 'none',
    missing: [
      { part: 'box', words: "Code of projects runs with this service's own rights (ISOLATION=none)." },
    ],
  },
  ofCrawl: async () => null,
  ofProgram: async () => null,
  forget: async () => {},
};
