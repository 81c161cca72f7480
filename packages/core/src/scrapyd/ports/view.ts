import type { Reach } from '../../access/access.ts';
import type { JobKey } from '../../jobs/job.ts';
import type { DeployedProject, JobName } from './store.ts';

/** Scrapyd's words for a job's life. `finished` are jobs that were started: what was cancelled before is none. */
export type ScrapydState = 'pending' | 'running' | 'finished';

export interface JobsRange {
  /** Numbers of the projects. */
  projects: readonly number[];
  /** Only jobs of this spider. */
  spider?: string | undefined;
  offset: number;
}

/** How paths and times are written in a listing. */
export interface ListingStyle {
  /** What stands before `/logs/` and `/items/`. */
  prefix: string;
  /** Name of the time zone of all times. */
  timeZone: string;
  /** What is done to the JSON text of each job, once as long as the job does not change. Always the same function. */
  escape: (json: string) => string;
}

/** A started job as the web pages show it. */
export interface ScrapydJob {
  key: JobKey;
  attempt: number;
  project: string;
  spider: string;
  /** The name its caller gave, or its key with dashes. */
  name: string;
  /** Positive number that no process has. */
  pid: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Whether Scrapyd would have a file of its items: a spider that was opened makes one, also without items. */
  hasItems: boolean;
}

/** What the pages show as a folder. */
export interface Folder {
  name: string;
  /** When a job in it last started or ended. */
  changedAt: Date;
}

export interface ProjectName {
  id: number;
  name: string;
}

/** What Scrapyd's dialect reads. Never used to decide a write. */
export interface ScrapydView {
  /** Every project in reach, in order of their numbers; `deployed` tells whether Scrapyd would know it. */
  projects(reach: Reach): Promise<(ProjectName & { deployed: boolean })[]>;
  /** The project in reach that has this name and at least one version. */
  findProject(reach: Reach, name: string): Promise<DeployedProject | null>;
  state(projects: readonly number[], name: JobName): Promise<ScrapydState | null>;
  /** Jobs in each state; finished ones are counted up to `mostFinished`. */
  counts(projects: readonly number[], mostFinished: number): Promise<Record<ScrapydState, number>>;
  /**
   * Pieces of JSON text, each some jobs of `listjobs.json` joined by `, `; pieces of a state are to be joined the same
   * way. State after state in the given order, all of one moment. The offset and its limit count in each state.
   */
  listing(
    states: readonly ScrapydState[],
    range: JobsRange,
    limits: Record<ScrapydState, number>,
    style: ListingStyle,
  ): AsyncIterable<{ state: ScrapydState; piece: string }>;
  jobs(state: ScrapydState, range: JobsRange, limit: number): AsyncIterable<ScrapydJob>;
  /** Projects in reach that have started jobs, by name. */
  startedProjects(reach: Reach): Promise<Folder[]>;
  /** Spiders of a project that have started jobs, by name. */
  startedSpiders(project: number): Promise<Folder[]>;
  /** A started job of that spider, null when there is none. */
  findStarted(project: number, spider: string, name: JobName): Promise<ScrapydJob | null>;
}
