import {
  DomainError,
  formatJobKey,
  type Job,
  type JobKey,
  type JobState,
  type LoggedEvent,
} from '@spiderhub/core';
import { type LiveOutput, sseEvent } from '../http/live.ts';
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
 * What a page shows of projects and jobs, as it changes: `job`, `project`, `row`, `counts`, `progress`, `tail`, and `reset` first when the
 * reader's place is not known. Small facts, the newest of a kind only: a slow reader costs nothing.
 */
export function followPage(live: Live, page: Page, rowOf: RowOf, out: LiveOutput): Promise<void> {
  return new Promise((resolve, reject) => {
    const leaves: (() => void)[] = [];
    const end = (error?: unknown) => {
      for (const leave of leaves.splice(0)) leave();
      // The first that fails ends all, and the page connects again.
      if (error === undefined) resolve();
      else reject(error);
    };
    const box = createOutbox(out, end);
    // Who is cut before anything has happened comes back with this place.
    box.put('reset', page.isReset ? sseEvent('reset', {}, page.cursor) : `id: ${page.cursor}\n\n`);
    leaves.push(tellJobs(live, page, box, end));
    for (const project of page.projects) leaves.push(tellProject(live, project, rowOf, box));
    if (page.jobs.length > 0) leaves.push(tellOfWatched(live, page.jobs, box, end));
    out.whenOver(() => end());
  });
}

/** Thousands watch lists, and few of them single jobs: only these have tasks of their own, which wait. */
function tellOfWatched(
  live: Live,
  keys: readonly JobKey[],
  box: Outbox,
  end: (error: unknown) => void,
): () => void {
  const over = new AbortController();
  for (const key of keys) {
    tellProgress(live, key, box, over.signal).catch(end);
    for (const stream of ['logs', 'items', 'requests'] as const)
      tellTail(live, key, stream, box, over.signal).catch(end);
  }
  return () => over.abort();
}

interface Outbox {
  /** A newer one of the same name takes the place of an older one that was not sent yet. */
  put(name: string, frame: string): void;
}

/** Sends what is put into it, what comes together at once; `failed` is called when the reader is gone. */
function createOutbox(out: LiveOutput, failed: (error: unknown) => void): Outbox {
  let frames: Map<string, string> | null = null;
  let isSending = false;

  async function sendAll(): Promise<void> {
    while (frames) {
      const all = [...frames.values()].join('');
      frames = null;
      await out.send(all);
    }
    isSending = false;
  }
  return {
    put(name, frame) {
      frames ??= new Map();
      frames.delete(name);
      frames.set(name, frame);
      if (isSending) return;
      isSending = true;
      setImmediate(() => void sendAll().catch(failed));
    },
  };
}

function tellJobs(
  { events }: Live,
  { projects, cursor }: Page,
  box: Outbox,
  onError: (error: unknown) => void,
): () => void {
  return events.listen({
    cursor,
    filter: { projects },
    onError,
    onBatch(batch) {
      for (const event of batch.events) {
        const { job, project, type, id } = event;
        const key = job && formatJobKey({ project, ...job });
        // A start and an end that come together are both told: the page adds what each says.
        if (key) box.put(`job ${key} ${type}`, sseEvent('job', jobFacts(key, event), id));
        else box.put(`project ${project} ${type}`, sseEvent('project', { project, type }, id));
      }
    },
  });
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
function tellProject({ jobs }: Live, project: number, rowOf: RowOf, box: Outbox): () => void {
  const watched = jobs.watchProject(project);
  let told = '';
  let seen = watched.changes;
  function tell(): void {
    const { changes, counts } = watched;
    const now = counts ? `${counts.pending} ${counts.running}` : '';
    if (counts && now !== told) box.put(`counts ${project}`, sseEvent('counts', { project, ...counts }));
    told = now;
    for (const row of watched.rowsSince(seen))
      box.put(`row ${formatJobKey(row.job.key)}`, rowFrame(row, rowOf));
    seen = changes;
  }
  const stop = watched.onChange(tell);
  tell();
  return () => {
    stop();
    watched.leave();
  };
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
