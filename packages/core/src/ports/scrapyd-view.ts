import type { JobKey } from '../jobs/job.ts';
import type { DeployedProject, JobName, Reach } from './scrapyd-store.ts';

/** Scrapyd's words for a job's life. `finished` are jobs that were started: what was cancelled before is none. */
export type ScrapydState = 'pending' | 'running' | 'finished';

export interface JobsRange {
  /** Numbers of the projects. */
  projects: readonly number[];
  state: ScrapydState;
  /** Only jobs of this spider. */
  spider?: string | undefined;
  offset: number;
  limit: number;
}

/** How paths and times are written in a listing. */
export interface ListingStyle {
  /** What stands before `/logs/` and `/items/`. */
  prefix: string;
  /** Name of the time zone of all times. */
  timeZone: string;
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
  items: number;
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
  /** Pieces of JSON text, each some jobs of `listjobs.json` joined by `, `; pieces are to be joined the same way. */
  listing(range: JobsRange, style: ListingStyle): AsyncIterable<string>;
  jobs(range: JobsRange): AsyncIterable<ScrapydJob>;
  /** Spiders of a project that have started jobs, by name, with the time of their newest change. */
  startedSpiders(project: number): Promise<{ name: string; changedAt: Date }[]>;
  /** A started job of that spider, null when there is none. */
  findStarted(project: number, spider: string, name: JobName): Promise<ScrapydJob | null>;
}
