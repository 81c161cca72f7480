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
  /** The same bytes for every viewer who stands at `from`; null when they are not kept. */
  chunkAt(from: number): { bytes: Buffer; to: number } | null;
  /** Whether everything that was written by the moment of `complete` is known here. */
  isComplete(): boolean;
  /** Nobody writes any more: one last look finds everything. */
  complete(): void;
  leave(): void;
}

export interface StreamWatches {
  /** `form` names what `encode` makes: `level 30`. */
  open(ref: StreamRef, form: string, encode: Encode): Watch;
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
    open(ref, form, encode) {
      const name = `${formatJobKey(ref.key)} ${ref.attempt} ${ref.stream} ${form}`;
      const known = open.get(name);
      const isUsable = known?.isOver === false;
      const watch = isUsable
        ? known
        : new WatchedStream({ streams, ref, encode, onError, closing: closing.signal });
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
    },
  };
}

interface WatchedOptions {
  streams: Pick<StreamStore, 'read' | 'stats' | 'mark'>;
  ref: StreamRef;
  encode: Encode;
  onError: (error: unknown) => void;
  closing: AbortSignal;
}

class WatchedStream {
  readonly #options: WatchedOptions;
  readonly #bell = createBell();
  readonly #wake = createBell();
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
      changed: (since, signal) => this.#bell.wait(since, AbortSignal.any([signal, this.#options.closing])),
      chunkAt: (from) => this.#chunkAt(from),
      complete: () => {
        if (this.#isLast) return;
        this.#isLast = true;
        this.#wake.ring();
      },
      leave: () => {
        if (!isThere) return;
        isThere = false;
        this.#viewers -= 1;
        if (this.#viewers === 0) this.#wake.ring();
      },
    };
  }

  /** Until nobody looks any more. */
  async run(): Promise<void> {
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
          this.#bell.ring();
        }
      } catch (error) {
        onError(error);
        waitMs = RETRY_MS;
      }
      if (this.#isLast && !this.#isComplete && waitMs === LOOK_MS) continue;
      await this.#wake.wait(rings, closing, this.#isComplete ? undefined : waitMs);
    }
    this.isOver = true;
  }

  /** What is there already every viewer reads for itself, from where it stands. */
  async #begin(): Promise<void> {
    const { streams, ref } = this.#options;
    this.#mark = await streams.mark(ref);
    this.#end = (await streams.stats(ref)).end;
    this.#bell.ring();
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
    if (batches.length > 0) this.#bell.ring();
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
    chunk.bytes ??= Buffer.concat(chunk.batches.map((batch) => this.#options.encode(batch)));
    return { bytes: chunk.bytes, to: chunk.to };
  }
}
