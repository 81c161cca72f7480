import { setMaxListeners } from 'node:events';
import {
  DomainError,
  type EventFilter,
  type EventLog,
  isBehind,
  isMeant,
  type LoggedEvent,
} from '@spiderhub/core';
import { createBell } from './bell.ts';

/** Without a hint the log is looked at this often, ms. */
const LOOK_MS = 2000;
/** After a hint: at once, and again for what was not committed yet, ms. */
const AFTER_HINT_MS = [60, 250] as const;
/** Hints come in crowds: looks have this much between them, ms. */
const GAP_MS = 50;
/** Where something happens all the time, one look a second has to do; a few in a row see at once what happens now and then. */
const LOOK_EVERY_MS = 1000;
const LOOKS_IN_A_ROW = 4;
const PAGE = 1000;
/** Events, and characters of them, that are kept for viewers who are a little behind. */
const KEPT = 2000;
const KEPT_CHARS = 4_000_000;
/** Pause after a look that failed, ms. */
const RETRY_MS = 1000;

/** Calls back whenever something may have happened, until the returned function is called. */
export type Hints = (listener: () => void) => () => void;

export interface EventBatch {
  events: LoggedEvent[];
  /** Behind everything that was looked at for them. */
  cursor: string;
}

/**
 * Follows the event log for all viewers of this process together: one look for all of them, and none while there is
 * nobody.
 */
export interface EventHub {
  /**
   * Events behind a cursor that a filter means, as they happen, each once; ends at the signal. A reader that is slow
   * reads from the log what is not in memory any more. Throws as `EventLog.read`.
   */
  follow(cursor: string, filter: EventFilter, signal: AbortSignal): AsyncGenerator<EventBatch>;
  /**
   * The same for a listener that keeps only what is newest and therefore never has to be waited for: until the returned
   * function is called. `onError` is called once, and nothing after it.
   */
  listen(wish: {
    cursor: string;
    filter: EventFilter;
    onBatch: (batch: EventBatch) => void;
    onError: (error: unknown) => void;
  }): () => void;
  /** A page behind a cursor, and when it is empty the first that is not, for at most so long, ms. Throws as `EventLog.read`. */
  page(query: {
    cursor: string;
    limit: number;
    filter: EventFilter;
    waitMs: number;
  }): ReturnType<EventLog['read']>;
  /** Ends every wait, now and later. */
  close(): void;
}

export interface EventHubOptions {
  log: EventLog;
  hints?: Hints | undefined;
  onError?: (error: unknown) => void;
}

export function createEventHub(options: EventHubOptions): EventHub {
  return new Hub(options);
}

class Hub implements EventHub {
  readonly #options: EventHubOptions;
  readonly #closing = new AbortController();
  readonly #bell = createBell();
  #viewers = 0;
  #isRunning = false;
  #ring = emptyRing('');

  constructor(options: EventHubOptions) {
    this.#options = options;
    // Everybody waits for it, and Node would take more than ten for a leak.
    setMaxListeners(0, this.#closing.signal);
  }

  async *follow(cursor: string, filter: EventFilter, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const leave = this.#enter();
    const over = AbortSignal.any([signal, this.#closing.signal]);
    try {
      for (let at = cursor; !over.aborted; ) {
        const { rings } = this.#bell;
        const batch = await this.#next(at, filter, over);
        at = batch.cursor;
        if (batch.events.length > 0) yield batch;
        else if (batch.isUpToDate) await this.#bell.wait(rings, over);
      }
    } finally {
      leave();
    }
  }

  listen({ cursor, filter, onBatch, onError }: Parameters<EventHub['listen']>[0]): () => void {
    const leave = this.#enter();
    let at = cursor;
    let isReading = false;
    let isOver = false;
    const take = (batch: EventBatch) => {
      at = batch.cursor;
      if (batch.events.length > 0) onBatch(batch);
    };
    const look = () => {
      if (isOver || isReading) return;
      const kept = this.#kept(at, filter);
      if (kept) take(kept);
      else void readUp();
    };
    const readUp = async () => {
      isReading = true;
      try {
        while (!isOver && !this.#closing.signal.aborted) {
          const batch = await this.#next(at, filter, this.#closing.signal);
          if (isOver) break;
          take(batch);
          if (batch.isUpToDate) break;
        }
      } catch (error) {
        if (!isOver) onError(error);
        end();
      }
      isReading = false;
    };
    const stop = this.#bell.onRing(look);
    const end = () => {
      if (isOver) return;
      isOver = true;
      stop();
      leave();
    };
    look();
    return end;
  }

  async page({ cursor, limit, filter, waitMs }: Parameters<EventHub['page']>[0]) {
    const { log } = this.#options;
    if (waitMs === 0) return log.read(cursor, limit, filter);
    const leave = this.#enter();
    const untilMs = performance.now() + waitMs;
    const { signal } = this.#closing;
    try {
      for (let at = cursor; ; ) {
        const { rings } = this.#bell;
        const page = await log.read(at, limit, filter);
        const leftMs = untilMs - performance.now();
        if (page.events.length > 0 || leftMs <= 0 || signal.aborted) return page;
        at = page.cursor;
        if (!page.more) await this.#bell.wait(rings, signal, leftMs);
      }
    } finally {
      leave();
    }
  }

  close(): void {
    this.#closing.abort();
    this.#bell.ring();
  }

  #enter(): () => void {
    this.#viewers += 1;
    if (!this.#isRunning) void this.#run();
    return () => {
      this.#viewers -= 1;
    };
  }

  #isWanted(): boolean {
    return this.#viewers > 0 && !this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const wake = createBell();
    const unlisten = this.#options.hints?.(() => wake.ring());
    this.#ring = emptyRing('');
    let looksAfterHint = 0;
    const pace = createPace(LOOKS_IN_A_ROW, LOOK_EVERY_MS);
    while (this.#isWanted()) {
      const waitMs = pace.step();
      if (waitMs > 0) await pause(waitMs);
      const hinted = wake.rings;
      const hasMore = await this.#look();
      if (hasMore) {
        pace.forgive();
        continue;
      }
      const soon = AFTER_HINT_MS[looksAfterHint] ?? LOOK_MS;
      await wake.wait(hinted, this.#closing.signal, hasMore === null ? RETRY_MS : soon);
      looksAfterHint = wake.rings === hinted ? looksAfterHint + 1 : 0;
      if (wake.rings !== hinted) await pause(GAP_MS);
    }
    unlisten?.();
    this.#isRunning = false;
    // Somebody came while it ended.
    if (this.#isWanted()) void this.#run();
  }

  /** Whether there may be more; null when the log could not be read. */
  async #look(): Promise<boolean | null> {
    const { log, onError } = this.#options;
    try {
      if (this.#ring.end === '') {
        this.#ring = emptyRing(await log.end());
        this.#bell.ring();
        return false;
      }
      const page = await log.read(this.#ring.end, PAGE);
      this.#ring.add(page.events, page.cursor);
      if (page.events.length > 0) this.#bell.ring();
      return page.more;
    } catch (error) {
      onError?.(error);
      // Of a log that was replaced nothing is kept; its readers are told when they read.
      if (error instanceof DomainError && error.kind === 'conflict') this.#ring = emptyRing('');
      return null;
    }
  }

  /** What is meant of what lies behind a cursor; null when it is not all kept in memory. */
  #kept(at: string, filter: EventFilter): EventBatch | null {
    const kept = this.#ring.after(at);
    if (!kept) return null;
    const { end } = this.#ring;
    const cursor = isBehind(end, at) ? end : at;
    return { events: kept.filter((event) => isMeant(filter, event)), cursor };
  }

  async #next(
    at: string,
    filter: EventFilter,
    signal: AbortSignal,
  ): Promise<EventBatch & { isUpToDate: boolean }> {
    const { rings } = this.#bell;
    if (this.#ring.end === '') await this.#bell.wait(rings, signal, LOOK_MS);
    const { start } = this.#ring;
    const kept = this.#kept(at, filter);
    if (kept) return { ...kept, isUpToDate: true };
    const page = await this.#options.log.read(at, PAGE / 4, filter);
    // Everything was settled behind which the ring begins, and has been seen now.
    const isJoining = !page.more && start !== '' && isBehind(start, page.cursor);
    return { events: page.events, cursor: isJoining ? start : page.cursor, isUpToDate: false };
  }
}

interface Ring {
  /** What is kept lies behind this cursor; empty before the first look. */
  readonly start: string;
  /** Everything up to this cursor was looked at. */
  readonly end: string;
  add(events: readonly LoggedEvent[], end: string): void;
  /** Events behind a cursor; null when they are not all kept. */
  after(cursor: string): LoggedEvent[] | null;
}

function emptyRing(begin: string): Ring {
  let kept: LoggedEvent[] = [];
  let chars = 0;
  let start = begin;
  let end = begin;
  const size = (event: LoggedEvent) => 200 + (event.data?.length ?? 0);
  return {
    get start() {
      return start;
    },
    get end() {
      return end;
    },
    add(events, behind) {
      kept = kept.concat(events);
      for (const event of events) chars += size(event);
      end = behind;
      let gone = 0;
      while (kept.length - gone > KEPT || (chars > KEPT_CHARS && gone < kept.length)) {
        chars -= size(kept[gone] as LoggedEvent);
        gone += 1;
      }
      if (gone === 0) return;
      start = (kept[gone - 1] as LoggedEvent).id;
      kept = kept.slice(gone);
    },
    after(cursor) {
      if (start === '' || isBehind(start, cursor)) return null;
      if (!isBehind(end, cursor)) return [];
      // Nearly always somebody wants the last few.
      let from = kept.length;
      while (from > 0 && isBehind((kept[from - 1] as LoggedEvent).id, cursor)) from -= 1;
      return kept.slice(from);
    },
  };
}

/** Says how long to wait before the next step, ms: some in a row come at once, then one in `everyMs`. */
function createPace(inARow: number, everyMs: number) {
  let free = inARow;
  let at = performance.now();
  return {
    step(): number {
      const now = performance.now();
      free = Math.min(inARow, free + Math.max(0, now - at) / everyMs) - 1;
      const waitMs = free < 0 ? -free * everyMs : 0;
      at = now;
      return waitMs;
    },
    /** The last step does not count: there is more to do than one step does. */
    forgive(): void {
      free += 1;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
