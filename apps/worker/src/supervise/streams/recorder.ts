import type {
  JobCounts,
  JobKey,
  MessageCounts,
  PipeMessage,
  StreamStore,
  StreamWriter,
} from '@spiderhub/core';
import { errorsIn } from '@spiderhub/core';
import { readableRequest } from '@spiderhub/hub';

/** A flush makes records readable; it comes at the latest after this long, ms. */
const FLUSH_EVERY_MS = 500;
const FLUSH_BYTES = 1 << 20;
/** A checkpoint lets the spool on disk shrink and bounds what a successor reads twice, ms. */
const CHECKPOINT_EVERY_MS = 5000;

/** Turns the messages of one crawl into its streams, exactly once each, also across a change of worker. */
export interface Recorder {
  /** Takes messages in the order of the pipe. Resolves when there is room for more. */
  take(messages: PipeMessage[]): Promise<void>;
  counts(): JobCounts;
  /** Bytes of all records taken. */
  bytes(): number;
  /** `outcome` of the FIN message, null before it came. */
  finOutcome(): string | null;
  /** Newest stats as JSON text, null before the first. */
  scrapyStats(): string | null;
  /** Everything taken is durable and compressed afterwards. */
  seal(): Promise<void>;
  /** Stores what was taken and takes nothing more: a successor reads on from the last checkpoint. */
  leave(): Promise<void>;
}

export interface RecorderOptions {
  streams: StreamStore;
  key: JobKey;
  attempt: number;
  /** Where the messages begin (RunningCrawl.resumedAt). */
  resumedAt: MessageCounts;
  /** Told what is stored, so that the crawl's spool may shrink. */
  checkpoint: (counts: MessageCounts) => Promise<void>;
  onStats?: (scrapyStats: string) => void;
}

export async function createRecorder(options: RecorderOptions): Promise<Recorder> {
  const { streams, key, attempt, checkpoint, onStats } = options;
  const open = (stream: 'items' | 'logs' | 'requests') => streams.openWriter({ key, attempt, stream });
  const items = await open('items');
  const logs = await open('logs');
  const requests = await open('requests');
  const writers = [items, logs, requests];
  const seen: MessageCounts = { ...options.resumedAt };

  let outcome: string | null = null;
  let stats: string | null = null;
  let unflushedBytes = 0;
  let allBytes = writers.reduce((bytes, writer) => bytes + writer.stats.bytes, 0);
  let left = false;
  let flushTimer: NodeJS.Timeout | null = null;
  let flushing: Promise<void> = Promise.resolve();
  let flushError: unknown = null;
  let checkpointAt = performance.now() + CHECKPOINT_EVERY_MS;

  // What was stored when the writers were opened. Later ends do not count: a client may add to the streams, too.
  const stored = new Map(writers.map((writer) => [writer, writer.end]));

  /** A record that an earlier worker already stored comes again after a change of workers: it is skipped by its number. */
  function store(writer: StreamWriter, number: number, line: Buffer): void {
    if (number < (stored.get(writer) ?? 0)) return;
    writer.append([line]);
    unflushedBytes += line.length;
    allBytes += line.length;
  }

  function takeOne({ command, payload }: PipeMessage): void {
    const number = seen[command];
    seen[command] += 1;
    if (command === 'ITM') store(items, number, payload);
    else if (command === 'LOG') store(logs, number, payload);
    else if (command === 'REQ') store(requests, number, readableRequest(payload));
    else if (command === 'FIN') outcome ??= outcomeIn(payload);
    else takeStats(payload);
  }

  function takeStats(payload: Buffer): void {
    const newest = statsOf(payload);
    if (newest === null) return;
    stats = newest;
    onStats?.(newest);
  }

  function flush(): Promise<void> {
    unflushedBytes = 0;
    flushing = flushing
      .then(async () => {
        for (const writer of writers) await writer.flush();
      })
      .catch((error: unknown) => {
        flushError ??= error;
      });
    return flushing;
  }

  function flushSoon(): void {
    flushTimer ??= setTimeout(() => {
      flushTimer = null;
      void flush();
    }, FLUSH_EVERY_MS);
  }

  return {
    async take(messages) {
      if (left) return;
      if (flushError) throw flushError;
      // A flush under way iterates over what was appended before it: only its end makes room for changes.
      await flushing;
      if (left) return;
      messages.forEach(takeOne);
      if (unflushedBytes >= FLUSH_BYTES) await flush();
      else if (unflushedBytes > 0) flushSoon();
      // What FIN said is kept nowhere else: a successor has to read it again.
      if (outcome !== null || performance.now() < checkpointAt) return;
      checkpointAt = performance.now() + CHECKPOINT_EVERY_MS;
      await flush();
      if (!flushError) await checkpoint({ ...seen });
    },
    async leave() {
      left = true;
      if (flushTimer) clearTimeout(flushTimer);
      await flush();
    },
    counts: () => ({
      items: items.stats.records,
      pages: requests.stats.records,
      logs: logs.stats.records,
      errors: errorsIn(logs.stats.counts),
    }),
    bytes: () => allBytes,
    finOutcome: () => outcome,
    scrapyStats: () => stats,
    async seal() {
      if (flushTimer) clearTimeout(flushTimer);
      await flush();
      if (flushError) throw flushError;
      for (const writer of writers) await writer.seal();
    },
  };
}

/** The crawl is hostile: what is not the JSON we expect is no outcome and no stats. */
function parsed(payload: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function outcomeIn(payload: Buffer): string | null {
  const outcome = parsed(payload)?.outcome;
  // Postgres' text cannot hold a NUL.
  return typeof outcome === 'string' && outcome !== '' ? outcome.replaceAll('\0', '') : null;
}

function statsOf(payload: Buffer): string | null {
  const stats = parsed(payload)?.stats;
  return typeof stats === 'object' && stats !== null ? JSON.stringify(stats) : null;
}
