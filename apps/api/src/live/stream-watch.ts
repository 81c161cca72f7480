import { formatJobKey, type RecordBatch, type StreamRef, type StreamStore } from '@spiderhub/core';
import { createBell } from './bell.ts';

/** How often a watched stream is looked at, ms. A worker makes records readable twice a second. */
const LOOK_MS = 250;
/** Pause after a look that failed, ms. */
const RETRY_MS = 1000;
/** Bytes of events that are kept for viewers who are a little behind. */
const KEPT_BYTES = 1 << 20;

/** Records as bytes of events. */
export type Encode = (batch: RecordBatch) => Buffer;

/** A stream that somebody watches; one for all viewers of a process who want it in the same form. */
export interface Watch {
  /** Records before this number are there. */
  end(): number;
  /** How often it grew, or was found complete. */
  changes(): number;
  /** Settles at the next change after so many, or at the signal. */
  changed(since: number, signal: AbortSignal): Promise<void>;
  /** Calls back at every change, in the same turn, until the returned function is called. Must not throw. */
  onChange(listener: () => void): () => void;
  /** The same bytes for every viewer who stands at `from`; null when they are not kept. */
  chunkAt(from: number): { bytes: Buffer; to: number } | null;
  /** Whether everything that was written by the moment of `complete` is known here. */
  isComplete(): boolean;
  leave(): void;
}

/** What a watch does with a stream, and how it learns that nobody writes to it any more. */
export interface WatchForm {
  /** What `encode` makes, as `level 30`: who wants the same shares it. */
  name: string;
  encode: Encode;
  /** Settles when the stream is complete, or at the signal. One for all viewers. */
  whenOver?: (signal: AbortSignal) => Promise<void>;
}

export interface StreamWatches {
  open(ref: StreamRef, form: WatchForm): Watch;
  close(): void;
}

interface Chunk {
  from: number;
  to: number;
  batches: RecordBatch[];
  /** Made when the first viewer wants it: some only want to know how far a stream has come. */
  bytes: Buffer | null;
}

export function createStreamWatches(
  streams: Pick<StreamStore, 'read' | 'stats' | 'mark'>,
  onError: (error: unknown) => void = () => {},
): StreamWatches {
  const closing = new AbortController();
  const open = new Map<string, WatchedStream>();

  return {
    open(ref, form) {
      const name = `${formatJobKey(ref.key)} ${ref.attempt} ${ref.stream} ${form.name}`;
      const known = open.get(name);
      const isUsable = known?.isOver === false;
      const watch = isUsable
        ? known
        : new WatchedStream({ streams, ref, form, onError, closing: closing.signal });
      const viewer = watch.enter();
      if (!isUsable) {
        open.set(name, watch);
        void watch.run().finally(() => {
          if (open.get(name) === watch) open.delete(name);
        });
      }
      return viewer;
    },
    close() {
      closing.abort();
      for (const watch of open.values()) watch.ring();
    },
  };
}

interface WatchedOptions {
  streams: Pick<StreamStore, 'read' | 'stats' | 'mark'>;
  ref: StreamRef;
  form: WatchForm;
  onError: (error: unknown) => void;
  closing: AbortSignal;
}

class WatchedStream {
  readonly #options: WatchedOptions;
  readonly #bell = createBell();
  readonly #wake = createBell();
  readonly #listeners = new Set<() => void>();
  #viewers = 0;
  #end = 0;
  #chunks: Chunk[] = [];
  #bytes = 0;
  #mark: string | null = null;
  #isLast = false;
  #isComplete = false;
  /** Looks no more: whoever comes now needs another one. */
  isOver = false;

  constructor(options: WatchedOptions) {
    this.#options = options;
  }

  enter(): Watch {
    this.#viewers += 1;
    let isThere = true;
    return {
      end: () => this.#end,
      changes: () => this.#bell.rings,
      isComplete: () => this.#isComplete,
      changed: (since, signal) =>
        this.#options.closing.aborted ? Promise.resolve() : this.#bell.wait(since, signal),
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      chunkAt: (from) => this.#chunkAt(from),
      leave: () => {
        if (!isThere) return;
        isThere = false;
        this.#viewers -= 1;
        if (this.#viewers === 0) this.#wake.ring();
      },
    };
  }

  ring(): void {
    this.#bell.ring();
    for (const tell of this.#listeners) tell();
  }

  /** Until nobody looks any more. */
  async run(): Promise<void> {
    const { closing } = this.#options;
    const over = new AbortController();
    // At once: who watches jobs is not kept waiting by them any more when all of this closes.
    const stop = () => over.abort();
    closing.addEventListener('abort', stop);
    void this.#options.form.whenOver?.(over.signal).then(() => {
      // Nobody writes any more: one last look finds everything.
      this.#isLast = true;
      this.#wake.ring();
    }, this.#options.onError);
    await this.#lookAgainAndAgain();
    this.isOver = true;
    closing.removeEventListener('abort', stop);
    over.abort();
  }

  async #lookAgainAndAgain(): Promise<void> {
    const { closing, onError } = this.#options;
    let isNew = true;
    // A viewer that comes at the very end finds it complete.
    while (this.#viewers > 0 && !closing.aborted) {
      const { rings } = this.#wake;
      const isLast = this.#isLast;
      let waitMs = LOOK_MS;
      try {
        if (isNew) await this.#begin();
        else await this.#look();
        isNew = false;
        if (isLast && !this.#isComplete) {
          this.#isComplete = true;
          this.ring();
        }
      } catch (error) {
        onError(error);
        waitMs = RETRY_MS;
      }
      if (this.#isLast && !this.#isComplete && waitMs === LOOK_MS) continue;
      await this.#wake.wait(rings, closing, this.#isComplete ? undefined : waitMs);
    }
  }

  /** What is there already every viewer reads for itself, from where it stands. */
  async #begin(): Promise<void> {
    const { streams, ref } = this.#options;
    this.#mark = await streams.mark(ref);
    this.#end = (await streams.stats(ref)).end;
    this.ring();
  }

  async #look(): Promise<void> {
    const { streams, ref } = this.#options;
    const mark = await streams.mark(ref);
    if (mark === this.#mark) return;
    const batches: RecordBatch[] = [];
    let to = this.#end;
    for await (const batch of streams.read(ref, { from: this.#end })) {
      batches.push(batch);
      to = batch.first + batch.lines.length;
    }
    this.#mark = mark;
    if (batches.length > 0) this.#keep({ from: this.#end, to, batches, bytes: null });
    this.#end = to;
    if (batches.length > 0) this.ring();
  }

  #keep(chunk: Chunk): void {
    const size = ({ batches }: Chunk) =>
      batches.reduce((all, { lines }) => all + lines.reduce((sum, line) => sum + line.length + 100, 0), 0);
    this.#chunks.push(chunk);
    this.#bytes += size(chunk);
    while (this.#bytes > KEPT_BYTES) {
      const gone = this.#chunks.shift();
      if (!gone) return;
      this.#bytes -= size(gone);
    }
  }

  #chunkAt(from: number): { bytes: Buffer; to: number } | null {
    const chunk = this.#chunks.findLast((one) => one.from === from);
    if (!chunk) return null;
    chunk.bytes ??= Buffer.concat(chunk.batches.map((batch) => this.#options.form.encode(batch)));
    return { bytes: chunk.bytes, to: chunk.to };
  }
}
