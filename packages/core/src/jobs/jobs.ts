import type { Actor } from '../access/actor.ts';
import { jobErrors } from '../errors.ts';
import { groupCommit } from '../lib/group-commit.ts';
import type { LimitBook } from '../limits/limit-book.ts';
import { checkStored, type PendingWatch } from '../limits/pending.ts';
import type {
  ChangedJob,
  JobSelection,
  JobStore,
  MoveRequest,
  StopRequest,
  TagChange,
} from '../ports/job-store.ts';
import type { JobView } from '../ports/job-view.ts';
import type { Signals } from '../ports/signals.ts';
import { type JobFilter, narrowsProject, type PageRequest } from './filter.ts';
import type { EndedAttempt, Job, JobDetails, JobKey } from './job.ts';
import type { ScheduleRequest } from './schedule.ts';
import { TRANSITIONS, type Verb } from './transitions.ts';

/** The product's heart: what can be done with jobs, whatever dialect asks. Callers have checked access. */
export interface Jobs
  extends Pick<JobStore, 'changeTags' | 'stop' | 'remove' | 'take' | 'move' | 'describe' | 'saveCounts'> {
  /**
   * Throws `not_found` for an unknown spider, `conflict` when the unique key is taken, and `forbidden` when as many jobs
   * wait, or files take as much, as may.
   */
  schedule(request: ScheduleRequest): Promise<JobKey>;
  page(filter: JobFilter, page: PageRequest): Promise<Job[]>;
  keys(filter: JobFilter, page: PageRequest): ReturnType<JobView['keys']>;
  count(filter: JobFilter): Promise<number>;
  stream(filter: JobFilter, page: Partial<PageRequest>): ReturnType<JobView['stream']>;
  find(key: JobKey): Promise<JobDetails | null>;
  attempts(key: JobKey): Promise<EndedAttempt[] | null>;
}

/** What may wait, and what files may take. */
export interface JobLimits {
  book: LimitBook;
  pending: PendingWatch;
}

/** Without `limits` as many jobs may wait as want: for whoever operates the service. */
export function createJobs(store: JobStore, view: JobView, signals: Signals, limits?: JobLimits): Jobs {
  const scheduleOne = groupCommit(async (batch: ScheduleRequest[]) =>
    store.schedule(batch, limits && (await limits.pending.ceilings(projectsOf(batch)))),
  );

  /** Lets those hear of a change whom the table of transitions names. */
  function tell(verb: Verb, changed: ChangedJob[]): ChangedJob[] {
    const told = (job: ChangedJob) => TRANSITIONS[verb][job.previous]?.tells ?? [];
    const workers = changed.filter((job) => told(job).includes('worker')).map((job) => job.worker);
    for (const worker of new Set(workers)) if (worker) signals.stopRequested(worker);
    if (changed.some((job) => told(job).includes('leader'))) signals.wakeLeader();
    return changed;
  }

  return {
    async schedule(request) {
      const allowance = await limits?.book.ofProject(request.project);
      if (allowance) checkStored(request.project, allowance);
      const result = await scheduleOne(request);
      if (result.outcome === 'full') throw result.error;
      if (result.outcome === 'unknown_spider') throw jobErrors.spiderNotFound(request.spider);
      if (result.outcome === 'duplicate') throw jobErrors.alreadyScheduled(request.spider);
      if (request.state === 'pending') signals.wakeLeader();
      return { project: request.project, spider: result.spider, job: result.job };
    },
    page: (filter, page) => view.page(filter, page),
    keys: (filter, page) => view.keys(filter, page),
    count: (filter) => view.count(filter),
    stream: (filter, page) => view.stream(filter, page),
    find: (key) => view.find(key),
    attempts: (key) => view.attempts(key),
    async changeTags(filter: JobFilter, change: TagChange, by: Actor) {
      if (!narrowsProject(filter)) throw jobErrors.noFilter();
      return store.changeTags(filter, change, by);
    },
    async stop(selection: JobSelection, request: StopRequest) {
      const stopped = await store.stop(selection, request);
      // A question is no news for the worker.
      return request.level === 0 ? stopped : tell('stop', stopped);
    },
    remove: async (selection, by, options) => tell('remove', await store.remove(selection, by, options)),
    take: (project, change, by) => store.take(project, change, by),
    async move(request: MoveRequest) {
      const [ceiling] =
        request.state === 'pending' ? ((await limits?.pending.ceilings([request.project])) ?? []) : [];
      const moved = await store.move(request, ceiling);
      const { state } = request;
      if (state === null) return moved;
      return tell(state === 'deleted' ? 'remove' : `move to ${state}`, moved);
    },
    describe: (key, change) => store.describe(key, change),
    saveCounts: (id, attempt, counts) => store.saveCounts(id, attempt, counts),
  };
}

/** Those for whose jobs it matters how many wait. */
function projectsOf(batch: readonly ScheduleRequest[]): Set<number> {
  return new Set(batch.filter(({ state }) => state === 'pending').map(({ project }) => project));
}
