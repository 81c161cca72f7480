import type { JobKey } from '../jobs/job.ts';

export type StreamName = 'items' | 'logs' | 'requests' | 'samples';

/** One stream of one attempt of a job. */
export interface StreamRef {
  key: JobKey;
  attempt: number;
  stream: StreamName;
}

/** Kept while records arrive. `tally` counts fields (items, requests) or levels (logs). */
export interface StreamStats {
  /** Number of the last record plus one: where the next record goes. */
  end: number;
  /** Records that exist (less than `end` when a client left a gap). */
  records: number;
  /** Bytes as the dialects define them for each stream (see Tally). */
  bytes: number;
  counts: Record<string, number>;
}

/** What one record adds to the stats. `counts` lists the keys that go up by one. */
export type Tally = (line: Buffer) => { bytes: number; counts: readonly string[] };

/** Some consecutive records that arrived together. */
export interface RecordBatch {
  /** Number of the first record. */
  first: number;
  /** When they arrived, ms since the epoch. */
  ts: number;
  /** The raw JSON bytes of each record, without line end. */
  lines: Buffer[];
}

export interface ReadRange {
  /** First record number, 0 by default. */
  from?: number;
  /** End of the range, exclusive; to the end of the stream by default. */
  to?: number;
}

/** The single writer of a running crawl's stream. Not for concurrent use. */
export interface StreamWriter {
  /**
   * Where the next record goes: a writer that is opened again continues behind what is stored. A flush may find that
   * batches of other callers came in between, and raise it by more than was appended.
   */
  readonly end: number;
  /** Includes what was appended and not flushed yet. Made anew at each access. */
  readonly stats: StreamStats;
  /** Takes records without writing yet. */
  append(lines: Buffer[]): void;
  /** Makes what was appended readable for others; bytes reach the operating system. */
  flush(): Promise<void>;
  /** Flushes, compresses a tail that is worth it, makes everything durable and closes. */
  seal(): Promise<void>;
}

/** Append-only streams of JSON lines, kept as the raw bytes that came in. */
export interface StreamStore {
  openWriter(ref: StreamRef): Promise<StreamWriter>;
  /**
   * Stores a batch durably under one arrival time. `start` is the number of its first record; without it the batch
   * goes to the end. Repeating a `start` overwrites. Safe for concurrent callers in several processes.
   */
  write(ref: StreamRef, lines: Buffer[], start?: number): Promise<{ first: number }>;
  /** Batches in order; sees what a writer flushed so far. Touches only the segments of the range. */
  read(ref: StreamRef, range?: ReadRange): AsyncIterable<RecordBatch>;
  /** The whole stream as one gzip stream (also an empty one), stored segments sent as they lie. */
  readGzip(ref: StreamRef): AsyncIterable<Buffer>;
  stats(ref: StreamRef): Promise<StreamStats>;
  /** A text that is another one whenever the stream has changed: cheap to ask again and again. */
  mark(ref: StreamRef): Promise<string>;
  /** Every stream of a job reads as if it had none, until `bringBack`. What is written meanwhile is not kept for long. */
  setAside(key: JobKey): Promise<void>;
  /** Undoes `setAside`; fine when nothing was set aside. */
  bringBack(key: JobKey): Promise<void>;
  /** Removes every stream of every attempt of these jobs, also what was set aside. Repeating it is fine. */
  removeJobs(keys: readonly JobKey[]): Promise<void>;
  /** What the streams of a project take, bytes of storage. Looks at each of them: minutes where there are millions. */
  sizeOfProject(project: number): Promise<number>;
}
