import {
  errorsIn,
  type JobCounts,
  type JobKey,
  type MessageCounts,
  type PipeMessage,
  type StreamStore,
  type StreamWriter,
} from '@spiderhub/core';
import { readableRequest } from '@spiderhub/hub';
import { outcomeIn, statsIn } from './last-words.ts';
import { whenThere } from './when-there.ts';

/** A flush makes records readable; it comes at the latest after this long, ms. */
const FLUSH_EVERY_MS = 500;
const FLUSH_BYTES = 1 << 20;
/** A checkpoint lets the spool on disk shrink and bounds what a successor reads twice, ms. */
const CHECKPOINT_EVERY_MS = 5000;

export interface RecorderOptions {
  streams: Pick<StreamStore, 'openWriter'>;
  key: JobKey;
  attempt: number;
  /** Where the messages begin (RunningCrawl.resumedAt). */
  resumedAt: MessageCounts;
  /** Told what is stored, so that the crawl's spool may shrink. */
  checkpoint: (counts: MessageCounts) => Promise<void>;
  onStats?: (scrapyStats: string) => void;
  /** What becomes of a log message before it is stored. */
  mask?: (payload: Buffer) => Buffer;
  /** Aborts when this process has to go: it does not wait for a storage that is away any more. */
  giveUp?: AbortSignal;
}

interface Writers {
  items: StreamWriter;
  logs: StreamWriter;
  requests: StreamWriter;
}

/** Turns the messages of one crawl into its streams, exactly once each, also across a change of worker. */
export class Recorder {
  readonly #writers: Writers;
  readonly #all: StreamWriter[];
  readonly #options: RecorderOptions;
  readonly #seen: MessageCounts;
  /**
   * What was stored when the writers were opened. Later ends do not count: a client may add to the streams, too.
   */
  readonly #storedBefore: Map<StreamWriter, number>;
  /** Streams of which nobody can read anything yet. */
  readonly #empty: Set<StreamWriter>;

  #stored: JobCounts;
  #outcome: string | null = null;
  #stats: string | null = null;
  #bytes: number;
  #unflushedBytes = 0;
  #isUrgent = false;
  #hasLeft = false;
  #flushTimer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #flushError: unknown = null;
  #checkpointAt = performance.now() + CHECKPOINT_EVERY_MS;

  static async open(options: RecorderOptions): Promise<Recorder> {
    const { streams, key, attempt, giveUp } = options;
    const [items, logs, requests] = await Promise.all(
      (['items', 'logs', 'requests'] as const).map((stream) =>
        whenThere(
          () => streams.openWriter({ key, attempt, stream }),
          () => giveUp?.aborted === true,
        ),
      ),
    );
    return new Recorder(options, { items, logs, requests } as Writers);
  }

  private constructor(options: RecorderOptions, writers: Writers) {
    this.#options = options;
    this.#writers = writers;
    this.#all = [writers.items, writers.logs, writers.requests];
    this.#seen = { ...options.resumedAt };
    this.#storedBefore = new Map(this.#all.map((writer) => [writer, writer.end]));
    this.#empty = new Set(this.#all.filter((writer) => writer.end === 0));
    this.#bytes = this.#all.reduce((bytes, writer) => bytes + writer.stats.bytes, 0);
    this.#stored = this.counts();
  }

  /** Takes messages in the order of the pipe. Resolves when there is room for more; throws when storing has failed. */
  async take(messages: PipeMessage[]): Promise<void> {
    if (this.#hasLeft) return;
    this.#throwIfBroken();
    // A flush under way iterates over what was appended before it: only its end makes room for changes.
    await this.#flushing;
    if (this.#hasLeft) return;
    for (const message of messages) this.#takeOne(message);
    if (this.#unflushedBytes >= FLUSH_BYTES) await this.#flush();
    // Whoever waits for a crawl to begin sees its first sign at once; later ones may gather.
    else if (this.#isUrgent) void this.#flush();
    else if (this.#unflushedBytes > 0) this.#flushSoon();
    await this.#checkpointIfDue();
  }

  /** Stores what was taken and takes nothing more: a successor reads on from the last checkpoint. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#stopTimer();
    await this.#flush();
  }

  /** Everything taken is durable and compressed afterwards. Throws when storing has failed. */
  async seal(): Promise<void> {
    this.#stopTimer();
    await this.#flush();
    this.#throwIfBroken();
    for (const writer of this.#all) await this.#whenThere(() => writer.seal());
  }

  /** Of all records taken. */
  counts(): JobCounts {
    const { items, requests, logs } = this.#writers;
    const { records, counts } = logs.stats;
    return {
      items: items.stats.records,
      pages: requests.stats.records,
      logs: records,
      errors: errorsIn(counts),
    };
  }

  /** Of those that can be read: when we are gone, the others are, too. */
  stored(): JobCounts {
    return this.#stored;
  }

  /** Of all records taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `outcome` of the FIN message, null before it came. */
  get finOutcome(): string | null {
    return this.#outcome;
  }

  /** Newest stats as JSON text, null before the first. */
  get scrapyStats(): string | null {
    return this.#stats;
  }

  #takeOne({ command, payload }: PipeMessage): void {
    const number = this.#seen[command];
    this.#seen[command] += 1;
    const { items, logs, requests } = this.#writers;
    if (command === 'ITM') this.#store(items, number, payload);
    else if (command === 'LOG') this.#store(logs, number, this.#options.mask?.(payload) ?? payload);
    else if (command === 'REQ') this.#store(requests, number, readableRequest(payload));
    else if (command === 'FIN') this.#outcome ??= outcomeIn(payload);
    else this.#takeStats(payload);
  }

  /** A record that an earlier worker already stored comes again after a change of workers: its number tells. */
  #store(writer: StreamWriter, number: number, line: Buffer): void {
    if (number < (this.#storedBefore.get(writer) ?? 0)) return;
    writer.append([line]);
    this.#unflushedBytes += line.length;
    this.#bytes += line.length;
    if (this.#empty.delete(writer)) this.#isUrgent = true;
  }

  #takeStats(payload: Buffer): void {
    const newest = statsIn(payload);
    if (newest === null) return;
    this.#stats = newest;
    this.#options.onStats?.(newest);
  }

  #flush(): Promise<void> {
    this.#unflushedBytes = 0;
    this.#isUrgent = false;
    this.#flushing = this.#flushing
      .then(async () => {
        for (const writer of this.#all) await this.#whenThere(() => writer.flush());
        this.#stored = this.counts();
      })
      .catch((error: unknown) => {
        this.#flushError ??= error;
      });
    return this.#flushing;
  }

  /** While the storage is away nothing more is taken, and the crawl's spool fills instead. */
  #whenThere(act: () => Promise<void>): Promise<void> {
    return whenThere(act, () => this.#hasLeft || this.#options.giveUp?.aborted === true);
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null;
      void this.#flush();
    }, FLUSH_EVERY_MS);
  }

  #stopTimer(): void {
    if (this.#flushTimer) clearTimeout(this.#flushTimer);
  }

  async #checkpointIfDue(): Promise<void> {
    // What FIN said is kept nowhere else: a successor has to read it again.
    if (this.#outcome !== null || performance.now() < this.#checkpointAt) return;
    this.#checkpointAt = performance.now() + CHECKPOINT_EVERY_MS;
    await this.#flush();
    if (!this.#flushError) await this.#options.checkpoint({ ...this.#seen });
  }

  #throwIfBroken(): void {
    if (this.#flushError) throw this.#flushError;
  }
}
