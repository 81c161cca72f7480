import { z } from 'zod';
import { Count, Named, Time } from '../fields.ts';

export const JobState = z.enum(['pending', 'running', 'finished', 'deleted']).meta({ id: 'JobState' });

/** How a finished job ended, whatever its close reason's words. */
export const Outcome = z.enum(['ok', 'failed', 'cancelled']).meta({ id: 'Outcome' });

/** What is usual of a number: the median of the last finished runs, and how far from it is usual still. */
export const Band = z
  .strictObject({
    median: z.number(),
    low: z.number(),
    high: z.number(),
    /** How many runs it is made of. */
    runs: Count,
  })
  .meta({ id: 'Band' });

/** Why a pending job does not run yet. */
export const Waiting = z
  .strictObject({
    reason: z.enum(['queue', 'project limit', 'spider limit', 'no worker', 'paused', 'retry', 'outside']),
    /** In words, `project limit 10 of 10`. */
    words: z.string(),
    /** When it is tried again. */
    until: Time.nullable(),
  })
  .meta({ id: 'Waiting' });

const jobFields = {
  /** `project/spider/job`. */
  key: z.string(),
  spider: z.string(),
  state: JobState,
  /** Null while it is not finished. */
  outcome: Outcome.nullable(),
  closeReason: z.string().nullable(),
  priority: z.int().min(0).max(4),
  units: z.int(),
  tags: z.array(z.string()),
  version: z.string().nullable(),
  attempt: Count,
  /** Somebody else's worker runs it. */
  external: z.boolean(),
  /** It was asked to stop, and runs still. */
  stopRequested: z.boolean(),
  items: Count,
  pages: Count,
  errors: Count,
  logs: Count,
  /** When it came into its state: what lists are ordered by. */
  stateSince: Time,
  pendingAt: Time.nullable(),
  runningAt: Time.nullable(),
  finishedAt: Time.nullable(),
  scheduledBy: z.string().nullable(),
  /** Null for a job that does not wait. */
  waiting: Waiting.nullable(),
  /** Of items; null for a spider with fewer than three good runs. */
  usualItems: Band.nullable(),
};

/** A job as lists show it. */
export const JobRow = z
  .strictObject({
    ...jobFields,
    /** The first ten, each cut at 200 characters. */
    args: z.array(Named),
  })
  .meta({ id: 'JobRow' });

export const Attempt = z
  .strictObject({
    attempt: Count,
    startedAt: Time.nullable(),
    endedAt: Time,
    closeReason: z.string(),
    /** Exit code or name of a signal; null when nobody saw it. */
    exitStatus: z.string().nullable(),
    items: Count,
    pages: Count,
    errors: Count,
    logs: Count,
  })
  .meta({ id: 'Attempt' });

/** Everything about one job but its streams. */
export const Job = z
  .strictObject({
    ...jobFields,
    args: z.array(Named),
    /** Values are JSON text, as they were given. */
    settings: z.array(Named),
    /** Values of secrets are not shown. */
    environment: z.array(Named),
    /** Of a script; null for a spider. */
    command: z.array(z.string()).nullable(),
    /** Free metadata; values are JSON text. */
    meta: z.array(Named),
    startedBy: z.string().nullable(),
    completedBy: z.string().nullable(),
    cancelledBy: z.string().nullable(),
    /** Tries that have ended, the oldest first. */
    attempts: z.array(Attempt),
    /** Place in the queue of its project, 1 is next; null for what does not wait, and beyond 1,000. */
    place: Count.nullable(),
    usual: z.strictObject({
      items: Band.nullable(),
      pages: Band.nullable(),
      errors: Band.nullable(),
      seconds: Band.nullable(),
    }),
    /** The last good run of the spider before this one, as a key. */
    lastGood: z.string().nullable(),
    /** The jobs of the spider before and after this one that are there still, as keys. */
    previous: z.string().nullable(),
    next: z.string().nullable(),
  })
  .meta({ id: 'Job' });

const MAX_TAG = 255;
const MAX_TAGS = 1000;
export const Tag = z.string().min(1).max(MAX_TAG);
export const Tags = z.array(Tag).max(MAX_TAGS);
