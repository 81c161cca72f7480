import type { Actor } from '../access/actor.ts';
import type { DomainError } from '../errors.ts';
import type { JobState, Priority } from './job.ts';

/** Everything that `schedule` needs; names and numbers have been checked by the dialect. */
export interface ScheduleRequest {
  project: number;
  spider: string;
  args: Record<string, string>;
  tags: string[];
  priority: Priority;
  units: number;
  /** Name to JSON text, kept verbatim. */
  settings: Record<string, string>;
  environment: Record<string, string>;
  command: string[] | null;
  /** Free metadata: name to JSON text. */
  meta: Record<string, string>;
  /** Deployed version to run, null for the newest one when the job starts. */
  version: string | null;
  /** Other than pending only for jobs that somebody else runs (`meta.state`, `jobq/push`). */
  state: JobState;
  /** True: only outside workers may take it. */
  external: boolean;
  /** At most one active job of the project may carry this text; null never collides. */
  uniqueKey: string | null;
  /** Repeating a call with the same text returns the first call's job; null never repeats. */
  idempotencyKey: string | null;
  scheduledBy: string;
  /** Who that is, for the audit log; without one it is the service itself, by the same name. */
  actor?: Actor;
  requestId: string | null;
  /** Of a job that begins as finished. */
  closeReason?: string;
  /** Stats of a crawl that somebody else ran: JSON text. */
  scrapyStats?: string;
  /** A second name of the caller's choice (Scrapyd's jobid), unique in the project for ever; a taken one is a `duplicate`. */
  alias?: string;
  /** Order inside the priority, higher first, 0 by default. May be infinite, not NaN. */
  rank?: number;
  /** Arguments that the spider gets beside `args` and that lists do not show. */
  internalArgs?: Record<string, string>;
}

/** What came of one request of a batch. */
export type ScheduleOutcome =
  | { outcome: 'scheduled'; id: number; spider: number; job: number }
  | { outcome: 'duplicate' }
  /** As many jobs wait as may. */
  | { outcome: 'full'; error: DomainError }
  | { outcome: 'unknown_spider' };
