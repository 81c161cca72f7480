import { hash } from 'node:crypto';
import { jobErrors } from '../errors.ts';
import type { JobStore, StopTarget, TagChange } from '../ports/job-store.ts';
import type { JobView } from '../ports/job-view.ts';
import type { Signals } from '../ports/signals.ts';
import { type JobFilter, narrowsProject, type PageRequest } from './filter.ts';
import { groupCommit } from './group-commit.ts';
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

/** Characters of a SHA-256 in base64url. */
const HASH_LENGTH = 43;

/**
 * The duplicate rule of `run.json`: one active job for a spider with the same arguments
 * (python-scrapinghub's cassettes; tags, settings and meta do not count).
 */
export function sameRunKey(spider: string, args: Record<string, string>): string {
  const sorted = Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1));
  return `run:${shortened(JSON.stringify([spider, sorted]))}`;
}

/** The key of jobs that a caller gives the same `unique` text. */
export function uniqueTextKey(unique: string): string {
  return `push:${shortened(unique)}`;
}

/** Indexes hold no long text. What is shorter than a hash stays as it is, so the two never meet. */
function shortened(text: string): string {
  return text.length < HASH_LENGTH ? text : hash('sha256', text, 'base64url');
}
