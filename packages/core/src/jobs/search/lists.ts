import { requestErrors } from '../../errors.ts';
import type {
  BoundedCount,
  FoundPage,
  JobSearchView,
  ListOrder,
  ListPlace,
  Run,
} from '../../ports/job-search-view.ts';
import type { ProjectStore } from '../../ports/project-store.ts';
import { BAND_RUNS, type Band, bandOf } from '../band.ts';
import type { Job } from '../job.ts';
import { readJobSearch } from './read-search.ts';
import { type WaitReason, waitReason } from './waiting.ts';

export interface Usual {
  items: Band | null;
  pages: Band | null;
  errors: Band | null;
  seconds: Band | null;
}

export interface ListQuestion {
  q: string;
  cursor: string | undefined;
  limit: number;
  order: ListOrder;
}

export interface ListAnswer extends Omit<FoundPage, 'next'> {
  cursor: string | null;
  /** Null on later pages. */
  matching: BoundedCount | null;
}

/** Lists of jobs as people ask for them, and what they compare a job with. Callers have checked access. */
export interface JobLists
  extends Pick<JobSearchView, 'runs' | 'neighbours' | 'place' | 'finishedSince' | 'live'> {
  /** Throws `invalid` for a filter or a cursor that is none. */
  list(project: number, question: ListQuestion): Promise<ListAnswer>;
  counts(
    project: number,
  ): Promise<{ pending: number; running: number; finished: number; failed: BoundedCount }>;
  /** What is usual of the items of spiders, by their numbers. */
  usualItems(project: number, spiders: readonly number[]): Promise<Map<number, Band | null>>;
  /** What was usual before a job, and the last good run. */
  usualBefore(job: Job): Promise<{ usual: Usual; lastGood: Run | null }>;
  /** Why pending ones among these jobs wait, by their row ids. */
  waiting(project: number, jobs: readonly Job[]): Promise<Map<number, WaitReason>>;
}

const DAY_MS = 24 * 3_600_000;

export function createJobLists(
  view: JobSearchView,
  projects: Pick<ProjectStore, 'queueCounts'>,
  now: () => Date,
): JobLists {
  return {
    runs: view.runs,
    live: view.live,
    neighbours: view.neighbours,
    place: view.place,
    finishedSince: view.finishedSince,

    async list(project, { q, cursor, limit, order }) {
      const search = readJobSearch(q, now());
      const after = cursor === undefined ? null : readPlace(cursor);
      const [{ next, ...page }, matching] = await Promise.all([
        view.page(project, search, { after, limit, order }),
        after === null ? view.matching(project, search) : null,
      ]);
      return { ...page, matching, cursor: next && writePlace(next) };
    },

    async counts(project) {
      const [{ pending, running, finished }, { failed }] = await Promise.all([
        projects.queueCounts(project),
        view.finishedSince(project, new Date(now().getTime() - DAY_MS)),
      ]);
      return { pending, running, finished, failed };
    },

    async usualItems(project, spiders) {
      const asked = [...new Set(spiders)];
      const runs = await view.runs(project, asked, { count: BAND_RUNS, good: true });
      const of = (spider: number) => runs.filter(({ key }) => key.spider === spider);
      return new Map(asked.map((spider) => [spider, bandOf(of(spider).map(({ items }) => items))]));
    },

    async usualBefore(job) {
      const { project, spider } = job.key;
      const runs = await view.runs(project, [spider], { count: BAND_RUNS, good: true, before: job });
      return { usual: usualOf(runs), lastGood: runs[0] ?? null };
    },

    async waiting(project, jobs) {
      const ids = jobs.filter(({ state }) => state === 'pending').map(({ id }) => id);
      if (ids.length === 0) return new Map();
      const facts = await view.waits(project, ids);
      return new Map(facts.map((one) => [one.id, waitReason(one, now())]));
    },
  };
}

/** What is usual by these runs. */
export function usualOf(runs: readonly Run[]): Usual {
  const seconds = runs.map(secondsOf).filter((value) => value !== null);
  return {
    items: bandOf(runs.map(({ items }) => items)),
    pages: bandOf(runs.map(({ pages }) => pages)),
    errors: bandOf(runs.map(({ errors }) => errors)),
    seconds: bandOf(seconds),
  };
}

/** How long a finished run took; null for one that never ran. */
export function secondsOf({
  runningAt,
  stateSince,
  state,
}: Pick<Run, 'runningAt' | 'stateSince' | 'state'>): number | null {
  if (runningAt === null || state !== 'finished') return null;
  return Math.max(0, stateSince.getTime() - runningAt.getTime()) / 1000;
}

const PLACE = /^(\d{1,17})-(\d{1,18})$/;

/** Reads what `writePlace` wrote. Throws `invalid` for anything else. */
export function readPlace(cursor: string): ListPlace {
  const [, micros, id] = PLACE.exec(cursor) ?? [];
  if (micros === undefined || id === undefined) throw requestErrors.invalid('cursor', 'is none of ours');
  return { micros, id };
}

export function writePlace({ micros, id }: ListPlace): string {
  return `${micros}-${id}`;
}
