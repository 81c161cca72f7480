import type { Priority } from '../jobs/job.ts';

/** What happens at a planned time while a job of the same task is still active. */
export const OVERLAPS = ['skip', 'allow', 'queue', 'replace'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** What happens to planned times that went by while nobody could keep them. */
export const CATCHUPS = ['skip', 'one', 'all'] as const;
export type Catchup = (typeof CATCHUPS)[number];

export const MAX_JITTER_S = 3600;

/** One of the jobs that a periodic job starts each time. */
export interface PeriodicTask {
  spider: string;
  args: Record<string, string>;
  /** Words of a script's command line. */
  command: string[] | null;
  priority: Priority;
  units: number;
  /** Name to JSON text, as in a ScheduleRequest. */
  settings: Record<string, string>;
  environment: Record<string, string>;
}

/** What people decide about a periodic job. */
export interface PeriodicPlan {
  /** See Cron. */
  cron: string;
  timezone: string;
  /** `queue`: at most one job waits. `replace`: the active one is asked to stop. */
  overlap: Overlap;
  /** `one`: the last time that went by is made up for; `all`: at most 100 of them, together. */
  catchup: Catchup;
  /** Each run is put off by up to so many seconds, always by the same for the same planned time. */
  jitterSeconds: number;
  startAt: Date | null;
  endAt: Date | null;
  disabled: boolean;
  description: string;
  /** For each job that is started. */
  tags: string[];
  tasks: PeriodicTask[];
}

/** What holds where people decide nothing; expression and tasks are theirs. */
export const NEW_PERIODIC_PLAN: PeriodicPlan = {
  cron: '',
  timezone: 'UTC',
  overlap: 'skip',
  catchup: 'one',
  jitterSeconds: 0,
  startAt: null,
  endAt: null,
  disabled: false,
  description: '',
  tags: [],
  tasks: [],
};

/** A plan with its place in the calendar. */
export interface PeriodicJob extends PeriodicPlan {
  id: number;
  project: number;
  createdBy: string;
  /** Grows with each change by people. */
  revision: number;
  /** The next planned time; null when there is none any more. It is kept while the periodic job is disabled. */
  nextAt: Date | null;
}

/** What came of one planned time. `partly`: some of its tasks did not start. */
export type RunOutcome = 'scheduled' | 'partly' | 'overlap' | 'missed' | 'refused';

/** One planned time that has gone by. There is one for each. */
export interface PeriodicRun {
  plannedAt: Date;
  firedAt: Date;
  outcome: RunOutcome;
  /** Why not everything started; null when all did. */
  reason: string | null;
  /** Keys of the jobs that were made. */
  jobs: string[];
}

/** Jobs of periodic jobs are scheduled by this name, as on Scrapy Cloud. */
export const PERIODIC = 'periodicjobs';
