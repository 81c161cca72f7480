import type { BoundedCount } from './job-search-view.ts';

export interface ProjectNumbers {
  id: number;
  pending: number;
  running: number;
  finished: number;
  /** Finished jobs that failed since the moment asked for. */
  failed: BoundedCount;
  spiders: number;
  lastJobAt: Date | null;
}

export interface ServerWorker {
  id: string;
  host: string;
  slots: number;
  /** Crawls in its hands. */
  running: number;
  startedAt: Date;
  seenAt: Date;
  /** Gave a life sign in the last half minute. */
  isAlive: boolean;
}

export interface ServerNumbers {
  postgres: string;
  /** Name of the last migration. */
  migration: string;
  workers: ServerWorker[];
  running: number;
  pending: number;
  oldestPending: Date | null;
  /** Who hands out work; null when nobody does. */
  leader: string | null;
  /** Jobs whose data is still to be removed; counted up to some thousands. */
  streamsToFree: number;
}

/** Numbers of projects and of the service as a whole. */
export interface OverviewView {
  /** Of all projects, or of some; at most a thousand, by number. */
  projects(ids: readonly number[] | null, since: Date): Promise<ProjectNumbers[]>;
  /** Since when the pending job of a project waits that has waited longest. */
  oldestPending(project: number): Promise<Date | null>;
  /** Whether somebody may call for this project by a key. */
  hasKey(project: number): Promise<boolean>;
  /** Tags that begin with a text, among those of the newest jobs, by name. */
  tags(project: number, beginning: string, limit: number): Promise<string[]>;
  /** Spiders and scripts whose names hold a text, whatever its case; those that begin with it first. */
  spiders(project: number, part: string, limit: number): Promise<{ number: number; name: string }[]>;
  server(): Promise<ServerNumbers>;
}
