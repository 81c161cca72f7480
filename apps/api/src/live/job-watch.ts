import { formatJobKey, type Job, type JobKey, type Jobs } from '@spiderhub/core';
import { createBell } from './bell.ts';
import type { Hints } from './event-hub.ts';

/** Watched jobs are looked at this often, ms, those of a project in one query. */
const LOOK_MS = 1000;
/** And soon after a hint, which comes in crowds, ms. */
const HINT_MS = 200;
/** Jobs that one query asks for. */
const MOST = 200;

/** A job that somebody watches. */
export interface WatchedJob {
  readonly key: JobKey;
  /** Null: it was deleted. Undefined: nobody has looked yet. */
  readonly now: Job | null | undefined;
  /** Grows when a look found it changed. */
  readonly changes: number;
  /** Settles at the next change after so many, or at the signal. */
  changed(since: number, signal: AbortSignal): Promise<void>;
  leave(): void;
}

/** Looks at the jobs that viewers of this process watch, once for all of them, while there are any. */
export interface JobWatch {
  watch(key: JobKey): WatchedJob;
  close(): void;
}

export interface JobWatchOptions {
  jobs: Pick<Jobs, 'page'>;
  hints?: Hints | undefined;
  onError?: (error: unknown) => void;
}

interface Entry {
  key: JobKey;
  job: Job | null | undefined;
  text: string;
  bell: ReturnType<typeof createBell>;
  viewers: number;
}

export function createJobWatch({ jobs, hints, onError = () => {} }: JobWatchOptions): JobWatch {
  const closing = new AbortController();
  const watched = new Map<string, Entry>();
  const wake = createBell();
  let running = false;

  async function run(): Promise<void> {
    running = true;
    const unlisten = hints?.(() => wake.ring());
    while (watched.size > 0 && !closing.signal.aborted) {
      const hinted = wake.rings;
      await look().catch(onError);
      await wake.wait(hinted, closing.signal, LOOK_MS);
      // What was hinted at may be about to be committed.
      if (wake.rings !== hinted) await new Promise((resolve) => setTimeout(resolve, HINT_MS));
    }
    unlisten?.();
    running = false;
  }

  async function look(): Promise<void> {
    const byProject = new Map<number, Entry[]>();
    for (const entry of watched.values()) {
      const { project } = entry.key;
      byProject.set(project, [...(byProject.get(project) ?? []), entry]);
    }
    for (const [project, entries] of byProject) {
      for (let at = 0; at < entries.length; at += MOST) await lookAt(project, entries.slice(at, at + MOST));
    }
  }

  async function lookAt(project: number, entries: Entry[]): Promise<void> {
    const keys = entries.map(({ key }) => key);
    const found = new Map(
      (await jobs.page({ project, keys }, { count: keys.length, offset: 0 })).map((job) => [
        formatJobKey(job.key),
        job,
      ]),
    );
    for (const entry of entries) {
      const job = found.get(formatJobKey(entry.key)) ?? null;
      const text = JSON.stringify(job && [job.state, job.attempt, job.closeReason, job.tags, job.counts]);
      if (entry.job !== undefined && entry.text === text) continue;
      Object.assign(entry, { job, text });
      entry.bell.ring();
    }
  }

  return {
    watch(key) {
      const name = formatJobKey(key);
      const entry = watched.get(name) ?? { key, job: undefined, text: '', bell: createBell(), viewers: 0 };
      entry.viewers += 1;
      watched.set(name, entry);
      if (running) wake.ring();
      else void run();
      let isThere = true;
      return {
        key,
        get now() {
          return entry.job;
        },
        get changes() {
          return entry.bell.rings;
        },
        changed: (since, signal) => entry.bell.wait(since, AbortSignal.any([signal, closing.signal])),
        leave() {
          if (!isThere) return;
          isThere = false;
          entry.viewers -= 1;
          if (entry.viewers === 0) watched.delete(name);
        },
      };
    },
    close() {
      closing.abort();
      for (const { bell } of watched.values()) bell.ring();
    },
  };
}
