import {
  DomainError,
  formatJobKey,
  type Job,
  type JobKey,
  type JobState,
  type LoggedEvent,
} from '@spiderhub/core';
import { type LiveOutput, sseEvent } from '../http/live.ts';
import { createBell } from './bell.ts';
import { encodeRecords } from './encode.ts';
import { type FollowedStream, known } from './follow-job.ts';
import type { ChangedRow } from './job-watch.ts';
import type { Live } from './live.ts';

export interface Page {
  projects: readonly number[];
  jobs: readonly JobKey[];
  /** Where the reader has come to. */
  cursor: string;
  /** Whether it has to load everything anew: its place is not known any more. */
  isReset: boolean;
}

/** What a row of a list shows of a job. */
export type RowOf = (job: Job) => object;

/**
 * What a page shows of projects and jobs, as it changes: `job`, `row`, `counts`, `progress`, `tail`, and `reset` first when the
 * reader's place is not known. Small facts, the newest of a kind only: a slow reader costs nothing.
 */
export async function followPage(live: Live, page: Page, rowOf: RowOf, out: LiveOutput): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, out.signal]);
  const box = createOutbox();
  // Who is cut before anything has happened comes back with this place.
  box.put('reset', page.isReset ? sseEvent('reset', {}, page.cursor) : `id: ${page.cursor}\n\n`);
  const sources = [
    tellJobs(live, page, box, signal),
    ...page.projects.map((project) => tellProject(live, project, rowOf, box, signal)),
    ...page.jobs.flatMap((key) => [
      tellProgress(live, key, box, signal),
      ...(['logs', 'items', 'requests'] as const).map((stream) => tellTail(live, key, stream, box, signal)),
    ]),
  ];
  const all = [...sources, sendAll(box, out, signal)];
  try {
    // The first that fails ends all, and the page connects again.
    await Promise.all(all);
  } finally {
    over.abort();
    await Promise.allSettled(all);
  }
}

async function sendAll(box: Outbox, out: LiveOutput, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await box.something(signal);
    const frames = box.take();
    if (frames !== '') await out.send(frames);
  }
}

interface Outbox {
  /** A newer one of the same name takes the place of an older one that was not sent yet. */
  put(name: string, frame: string): void;
  take(): string;
  something(signal: AbortSignal): Promise<void>;
}

function createOutbox(): Outbox {
  const frames = new Map<string, string>();
  const bell = createBell();
  return {
    put(name, frame) {
      frames.delete(name);
      frames.set(name, frame);
      bell.ring();
    },
    take() {
      const all = [...frames.values()].join('');
      frames.clear();
      return all;
    },
    something: (signal) => (frames.size > 0 ? Promise.resolve() : bell.wait(bell.rings, signal)),
  };
}

async function tellJobs(
  { events }: Live,
  { projects, cursor }: Page,
  box: Outbox,
  signal: AbortSignal,
): Promise<void> {
  for await (const batch of events.follow(cursor, { projects }, signal)) {
    for (const event of batch.events) {
      const { job, project, type, id } = event;
      const key = job && formatJobKey({ project, ...job });
      // A start and an end that come together are both told: the page adds what each says.
      if (key) box.put(`job ${key} ${type}`, sseEvent('job', jobFacts(key, event), id));
    }
  }
}

const STATES: Partial<Record<LoggedEvent['type'], JobState>> = {
  'job.scheduled': 'pending',
  'job.requeued': 'pending',
  'job.started': 'running',
  'job.finished': 'finished',
  'job.deleted': 'deleted',
  'job.restored': 'finished',
};

function jobFacts(key: string, { type, at, actor, data }: LoggedEvent) {
  const known = data === null ? {} : (JSON.parse(data) as Record<string, unknown>);
  return { key, type, state: STATES[type] ?? null, at: at.toISOString(), actor, ...known };
}

/** Frames of rows, each made once for all who get it. */
const frames = new WeakMap<ChangedRow, string>();

function rowFrame(row: ChangedRow, rowOf: RowOf): string {
  const known = frames.get(row);
  if (known !== undefined) return known;
  const frame = sseEvent('row', rowOf(row.job));
  frames.set(row, frame);
  return frame;
}

/** Its numbers, at the beginning and when they change, and rows of lists when their jobs do. */
async function tellProject(
  { jobs }: Live,
  project: number,
  rowOf: RowOf,
  box: Outbox,
  signal: AbortSignal,
): Promise<void> {
  const watched = jobs.watchProject(project);
  try {
    let told = '';
    for (let seen = watched.changes; !signal.aborted; ) {
      const { changes, counts } = watched;
      const now = counts ? sseEvent('counts', { project, ...counts }) : '';
      if (now !== told) box.put(`counts ${project}`, now);
      told = now;
      for (const row of watched.rowsSince(seen))
        box.put(`row ${formatJobKey(row.job.key)}`, rowFrame(row, rowOf));
      seen = changes;
      await watched.changed(changes, signal);
    }
  } finally {
    watched.leave();
  }
}

async function tellProgress({ jobs }: Live, key: JobKey, box: Outbox, signal: AbortSignal): Promise<void> {
  const job = jobs.watch(key);
  try {
    await known(job, signal);
    while (!signal.aborted) {
      const { changes, now } = job;
      const facts = now && {
        state: now.state,
        attempt: now.attempt,
        closeReason: now.closeReason,
        tags: now.tags,
        ...now.counts,
      };
      const name = formatJobKey(key);
      box.put(`progress ${name}`, sseEvent('progress', { key: name, ...(facts ?? { state: 'deleted' }) }));
      await job.changed(changes, signal);
    }
  } finally {
    job.leave();
  }
}

/** How far a stream has come: the page fetches what it shows of it. */
async function tellTail(
  { jobs, streams }: Live,
  key: JobKey,
  stream: FollowedStream,
  box: Outbox,
  signal: AbortSignal,
): Promise<void> {
  const job = jobs.watch(key);
  try {
    await known(job, signal);
    while (!signal.aborted && job.now) {
      const { attempt } = job.now;
      const watch = streams.open({ key, attempt, stream }, { name: 'end', encode: encodeRecords(attempt) });
      try {
        while (!signal.aborted && job.now?.attempt === attempt) {
          const [changes, end] = [watch.changes(), watch.end()];
          const seen = job.changes;
          const name = formatJobKey(key);
          if (changes > 0)
            box.put(`tail ${name} ${stream}`, sseEvent('tail', { key: name, stream, attempt, end }));
          // Looked at once more when its job has changed: that may have begun another attempt.
          const woken = new AbortController();
          const either = AbortSignal.any([signal, woken.signal]);
          await Promise.race([watch.changed(changes, either), job.changed(seen, either)]);
          woken.abort();
        }
      } finally {
        watch.leave();
      }
    }
  } finally {
    job.leave();
  }
}

/** The place of a reader that says none, or one that is not known. */
export async function startOf(
  log: { end(): Promise<string>; read(cursor: string, limit: number): Promise<unknown> },
  seen: string | undefined,
): Promise<Pick<Page, 'cursor' | 'isReset'>> {
  if (seen === undefined) return { cursor: await log.end(), isReset: false };
  try {
    await log.read(seen, 1);
    return { cursor: seen, isReset: false };
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
    return { cursor: await log.end(), isReset: true };
  }
}
