import { formatJobKey, type Job, type JobKey, type ProjectLook, type ProjectLooks } from '@spiderhub/core';
import { type Bell, createBell } from './bell.ts';
import type { Hints } from './event-hub.ts';

/** A project is looked at this often at most, ms: one statement for all who watch it or jobs of it. */
const LOOK_MS = 1000;
/** What a hint is about may be about to be committed, ms. */
const HINT_MS = 200;
/** Jobs that one statement asks for, and rows that are kept for viewers who are a little behind. */
const MOST = 500;

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

export interface Counts {
  pending: number;
  running: number;
}

/** A row of a list that has changed; the same object for all viewers. */
export interface ChangedRow {
  readonly job: Job;
}

/** A project that somebody watches. */
export interface WatchedProject {
  /** Undefined: nobody has looked yet. */
  readonly counts: Counts | undefined;
  /** Grows when a look found something changed. */
  readonly changes: number;
  /** Calls back at each change until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Jobs that changed after so many changes, each as it is now. */
  rowsSince(changes: number): ChangedRow[];
  leave(): void;
}

/** Looks at what viewers of this process watch, once for all of them, while there are any. */
export interface JobWatch {
  watch(key: JobKey): WatchedJob;
  watchProject(project: number): WatchedProject;
  close(): void;
}

export interface JobWatchOptions {
  looks: ProjectLooks;
  /** Keys of a project's jobs with which something happened, as it happens, until the signal. */
  happening?: (project: number, signal: AbortSignal) => AsyncIterable<readonly JobKey[]>;
  hints?: Hints | undefined;
  onError?: (error: unknown) => void;
}

/** One job that is watched by its key. */
interface Entry {
  key: JobKey;
  job: Job | null | undefined;
  text: string;
  bell: Bell;
  viewers: number;
}

interface Row extends ChangedRow {
  text: string;
  /** The change with which it came. */
  at: number;
}

/** What is known of a project that is watched, or jobs of which are. */
interface Room {
  project: number;
  entries: Map<string, Entry>;
  viewers: number;
  /** Ends the events that are followed for them. */
  following: AbortController | null;
  /** Something happened with these since the last look. */
  touched: Map<string, JobKey>;
  /** Changed lately, the last one at the end. */
  rows: Map<string, Row>;
  counts: Counts | undefined;
  bell: Bell;
  lookedAt: number;
  failedAt: number;
}

export function createJobWatch(options: JobWatchOptions): JobWatch {
  return new Watch(options);
}

class Watch implements JobWatch {
  readonly #options: JobWatchOptions;
  readonly #closing = new AbortController();
  readonly #rooms = new Map<number, Room>();
  readonly #wake = createBell();
  #isRunning = false;

  constructor(options: JobWatchOptions) {
    this.#options = options;
  }

  watch(key: JobKey): WatchedJob {
    const room = this.#room(key.project);
    const name = formatJobKey(key);
    const entry = room.entries.get(name) ?? { key, job: undefined, text: '', bell: createBell(), viewers: 0 };
    entry.viewers += 1;
    room.entries.set(name, entry);
    this.#wakeUp();
    return {
      key,
      get now() {
        return entry.job;
      },
      get changes() {
        return entry.bell.rings;
      },
      changed: (since, signal) => this.#changed(entry.bell, since, signal),
      leave: once(() => {
        entry.viewers -= 1;
        if (entry.viewers === 0) room.entries.delete(name);
        this.#forget(room);
      }),
    };
  }

  watchProject(project: number): WatchedProject {
    const room = this.#room(project);
    room.viewers += 1;
    if (!room.following) void this.#follow(room);
    this.#wakeUp();
    return {
      get counts() {
        return room.counts;
      },
      get changes() {
        return room.bell.rings;
      },
      onChange: (listener) => room.bell.onRing(listener),
      rowsSince: (changes) => rowsSince(room, changes),
      leave: once(() => {
        room.viewers -= 1;
        if (room.viewers === 0) {
          room.following?.abort();
          Object.assign(room, { following: null, counts: undefined });
          room.rows.clear();
          room.touched.clear();
        }
        this.#forget(room);
      }),
    };
  }

  close(): void {
    this.#closing.abort();
    for (const { bell, entries } of this.#rooms.values()) {
      bell.ring();
      for (const entry of entries.values()) entry.bell.ring();
    }
  }

  #room(project: number): Room {
    const known = this.#rooms.get(project);
    if (known) return known;
    const room: Room = {
      project,
      entries: new Map(),
      viewers: 0,
      following: null,
      touched: new Map(),
      rows: new Map(),
      counts: undefined,
      bell: createBell(),
      lookedAt: Number.NEGATIVE_INFINITY,
      failedAt: Number.NEGATIVE_INFINITY,
    };
    this.#rooms.set(project, room);
    return room;
  }

  #forget(room: Room): void {
    if (room.viewers === 0 && room.entries.size === 0) this.#rooms.delete(room.project);
  }

  #changed(bell: Bell, since: number, signal: AbortSignal): Promise<void> {
    return this.#closing.signal.aborted ? Promise.resolve() : bell.wait(since, signal);
  }

  #wakeUp(): void {
    if (this.#isRunning) this.#wake.ring();
    else void this.#run();
  }

  /** Notes with which jobs something happens, for as long as somebody watches the project. */
  async #follow(room: Room): Promise<void> {
    const following = new AbortController();
    room.following = following;
    const signal = AbortSignal.any([following.signal, this.#closing.signal]);
    while (!signal.aborted) {
      try {
        for await (const keys of this.#options.happening?.(room.project, signal) ?? []) {
          for (const key of keys) room.touched.set(formatJobKey(key), key);
          this.#wake.ring();
        }
        if (!this.#options.happening) return;
      } catch (error) {
        this.#options.onError?.(error);
      }
      // Whatever was missed meanwhile is seen by those who load everything anew.
      if (!signal.aborted) await pause(LOOK_MS);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { hints, onError } = this.#options;
    let isHinted = false;
    const unlisten = hints?.(() => {
      isHinted = true;
      this.#wake.ring();
    });
    while (this.#rooms.size > 0 && !this.#closing.signal.aborted) {
      const { rings } = this.#wake;
      const now = performance.now();
      for (const room of this.#rooms.values()) {
        if (nextLook(room) <= now) await this.#look(room).catch((error) => onError?.(error));
      }
      await this.#wake.wait(rings, this.#closing.signal, untilDue(this.#rooms.values()));
      if (isHinted) await pause(HINT_MS);
      isHinted = false;
    }
    unlisten?.();
    this.#isRunning = false;
  }

  async #look(room: Room): Promise<void> {
    room.lookedAt = performance.now();
    const { touched } = room;
    room.touched = new Map();
    try {
      const newest = [...touched].slice(-MOST);
      const asked = new Map([...[...room.entries].map(([name, { key }]) => [name, key] as const), ...newest]);
      take(room, await this.#found(room, [...asked.values()]));
    } catch (error) {
      room.touched = new Map([...touched, ...room.touched]);
      room.failedAt = room.lookedAt;
      throw error;
    }
  }

  async #found({ project, viewers }: Room, keys: readonly JobKey[]): Promise<ProjectLook> {
    const { looks } = this.#options;
    const found = await looks.look(project, { keys: keys.slice(0, MOST), isActive: viewers > 0 });
    for (let at = MOST; at < keys.length; at += MOST) {
      const more = await looks.look(project, { keys: keys.slice(at, at + MOST), isActive: false });
      found.jobs.push(...more.jobs);
    }
    return found;
  }
}

/** Tells the viewers of a room what a look has found. */
function take(room: Room, { jobs, pending, running }: ProjectLook): void {
  const found = new Map(jobs.map((job) => [formatJobKey(job.key), job]));
  const texts = new Map(jobs.map((job) => [job, textOf(job)]));
  for (const [name, entry] of room.entries) {
    const job = found.get(name) ?? null;
    const text = job ? (texts.get(job) ?? '') : 'gone';
    if (entry.job !== undefined && entry.text === text) continue;
    Object.assign(entry, { job, text });
    entry.bell.ring();
  }
  if (room.viewers === 0) return;
  const at = room.bell.rings + 1;
  const isFirst = room.counts === undefined;
  let hasChanged = isFirst || room.counts?.pending !== pending || room.counts?.running !== running;
  for (const [name, job] of found) {
    const text = texts.get(job) ?? '';
    if (room.rows.get(name)?.text === text) continue;
    room.rows.delete(name);
    // What the first look finds is no change: those who watch have just read it.
    room.rows.set(name, { job, text, at: isFirst ? 0 : at });
    hasChanged = true;
  }
  for (const name of room.rows.keys()) if (room.rows.size > MOST) room.rows.delete(name);
  room.counts = { pending, running };
  if (hasChanged) room.bell.ring();
}

/** What makes a job another one for those who look at it. */
function textOf({ state, attempt, closeReason, tags, stopRequested, counts }: Job): string {
  return JSON.stringify([state, attempt, closeReason, tags, stopRequested, counts]);
}

function rowsSince({ rows }: Room, changes: number): ChangedRow[] {
  const all = [...rows.values()];
  return all.slice(all.findLastIndex(({ at }) => at <= changes) + 1);
}

/** Whether a look would find something: in a project where nothing happens nothing is looked at. */
function isWanted({ entries, viewers, touched, counts }: Room): boolean {
  if (entries.size > 0) return true;
  return viewers > 0 && (counts === undefined || touched.size > 0 || counts.running > 0);
}

/** Moment of the next look, ms; those who have just come do not wait for it. */
function nextLook(room: Room): number {
  if (!isWanted(room)) return Number.POSITIVE_INFINITY;
  const isNew =
    (room.viewers > 0 && !room.counts) || [...room.entries.values()].some((one) => one.job === undefined);
  return isNew ? room.failedAt + LOOK_MS : room.lookedAt + LOOK_MS;
}

/** How long nobody has to look, ms; undefined until somebody comes or something happens. */
function untilDue(rooms: Iterable<Room>): number | undefined {
  const next = Math.min(...[...rooms].map(nextLook));
  return next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, next - performance.now());
}

function once(leave: () => void): () => void {
  let isThere = true;
  return () => {
    if (isThere) leave();
    isThere = false;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
