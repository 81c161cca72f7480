import { jobErrors } from '../errors.ts';
import { groupCommit } from '../lib/group-commit.ts';
import type { JobStore, StopTarget, TagChange } from '../ports/job-store.ts';
import type { JobView } from '../ports/job-view.ts';
import type { Signals } from '../ports/signals.ts';
import { type JobFilter, narrowsProject, type PageRequest } from './filter.ts';
import type { EndedAttempt, Job, JobDetails, JobKey } from './job.ts';
import type { ScheduleRequest } from './schedule.ts';

/** The product's heart: what can be done with jobs, whatever dialect asks. Callers have checked access. */
export interface Jobs {
  /** Throws `not_found` for an unknown spider and `conflict` when the unique key is taken. */
  schedule(request: ScheduleRequest): Promise<JobKey>;
  page(filter: JobFilter, page: PageRequest): Promise<Job[]>;
  count(filter: JobFilter): Promise<number>;
  stream(filter: JobFilter, page: Partial<PageRequest>): ReturnType<JobView['stream']>;
  find(key: JobKey): Promise<JobDetails | null>;
  attempts(key: JobKey): Promise<EndedAttempt[] | null>;
  changeTags(filter: JobFilter, change: TagChange): Promise<number>;
  stop(project: number, keys: JobKey[], by: string): Promise<void>;
  remove(project: number, keys: JobKey[], by: string): Promise<number>;
}

export function createJobs(store: JobStore, view: JobView, signals: Signals): Jobs {
  const scheduleOne = groupCommit((batch: ScheduleRequest[]) => store.schedule(batch));

  function tell(targets: StopTarget[]): void {
    for (const worker of new Set(targets.map((target) => target.worker))) {
      if (worker) signals.stopRequested(worker);
    }
  }

  return {
    async schedule(request) {
      const result = await scheduleOne(request);
      if (result.outcome === 'unknown_spider') throw jobErrors.spiderNotFound(request.spider);
      if (result.outcome === 'duplicate') throw jobErrors.alreadyScheduled(request.spider);
      if (request.state === 'pending') signals.wakeLeader();
      return { project: request.project, spider: result.spider, job: result.job };
    },
    page: (filter, page) => view.page(filter, page),
    count: (filter) => view.count(filter),
    stream: (filter, page) => view.stream(filter, page),
    find: (key) => view.find(key),
    attempts: (key) => view.attempts(key),
    async changeTags(filter, change) {
      if (!narrowsProject(filter)) throw jobErrors.noFilter();
      return store.changeTags(filter, change);
    },
    async stop(project, keys, by) {
      tell(await store.stop(project, keys, by));
    },
    async remove(project, keys, by) {
      const { count, stopped } = await store.remove(project, keys, by);
      tell(stopped);
      return count;
    },
  };
}
