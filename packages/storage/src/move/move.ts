import { createHash } from 'node:crypto';
import type { BlobStore, RecordBatch, StreamRef, StreamStore } from '@spiderhub/core';
import { S3Error } from '../s3/errors.ts';

/** A side of a move. */
export interface Movable {
  streams: StreamStore;
  blobs: BlobStore;
  /** Whether a blob lies there, whole: all of it is read. */
  holds(sha256: string): Promise<boolean>;
  /** Every stream, with those of jobs that were set aside. */
  list(): AsyncIterable<{ ref: StreamRef; isAside: boolean }>;
  /** Forgets a stream that names what is not there. Absent where none can. */
  forget?(ref: StreamRef): Promise<void>;
  /** Stores records with their numbers and arrivals behind what there is of this stream. */
  take(ref: StreamRef, batches: AsyncIterable<RecordBatch>): Promise<void>;
}

export interface Moved {
  streams: number;
  blobs: number;
  /** Streams and blobs that were there already, as they should be. */
  known: number;
}

/**
 * Copies everything and compares what arrived with what was sent; the source stays. Repeating it goes on where it
 * stopped. Nobody else may write to either side. Throws at the first thing that does not arrive as it was.
 */
export async function moveAll(from: Movable, to: Movable, onMoved: (moved: Moved) => void): Promise<Moved> {
  const moved: Moved = { streams: 0, blobs: 0, known: 0 };
  for await (const { sha256 } of from.blobs.list()) {
    const isKnown = await to.holds(sha256);
    if (!isKnown) await moveBlob(from, to, sha256);
    moved[isKnown ? 'known' : 'blobs'] += 1;
    onMoved(moved);
  }
  for await (const { ref, isAside } of from.list()) {
    // What is set aside reads as if it were not there.
    if (isAside) await from.streams.bringBack(ref.key);
    if (isAside) await to.streams.bringBack(ref.key);
    try {
      moved[(await moveStream(from, to, ref)) ? 'streams' : 'known'] += 1;
    } finally {
      if (isAside) await from.streams.setAside(ref.key);
      if (isAside) await to.streams.setAside(ref.key);
    }
    onMoved(moved);
  }
  return moved;
}

async function moveBlob(from: Movable, to: Movable, sha256: string): Promise<void> {
  const stored = await to.blobs.putFile(await from.blobs.localPath(sha256));
  if (stored.sha256 !== sha256) throw new Error(`file ${sha256} is damaged where it comes from`);
  if (!(await to.holds(sha256))) throw new Error(`file ${sha256} did not arrive as it was`);
}

/** Whether there was something to do. */
async function moveStream(from: Movable, to: Movable, ref: StreamRef): Promise<boolean> {
  const { key, attempt, stream } = ref;
  const name = [key.project, key.spider, key.job, attempt, stream].join('/');
  const wanted = await digestOf(from.streams.read(ref));
  if (wanted === EMPTY) return false;
  const found = await digestOf(to.streams.read(ref)).catch((error: unknown) => forgotten(to, ref, error));
  if (found === wanted) return false;
  // A move that was broken off has left a beginning.
  const { end } = await to.streams.stats(ref);
  if (found !== (await digestOf(from.streams.read(ref, { to: end })))) {
    throw new Error(`${name}: another stream of this name is there already`);
  }
  await to.take(ref, from.streams.read(ref, { from: end }));
  if ((await digestOf(to.streams.read(ref))) !== wanted)
    throw new Error(`${name}: it did not arrive as it was`);
  return true;
}

/** What the index names is of another bucket, from which everything was moved away before this one was there. */
async function forgotten(to: Movable, ref: StreamRef, error: unknown): Promise<string> {
  if (!(error instanceof S3Error && error.isMissing) || !to.forget) throw error;
  await to.forget(ref);
  return EMPTY;
}

/** Of numbers and texts of all records, however they lie. */
async function digestOf(batches: AsyncIterable<RecordBatch>): Promise<string> {
  const hash = createHash('sha256');
  for await (const { first, lines } of batches)
    for (const [i, line] of lines.entries()) hash.update(`${first + i} ${line.length} `).update(line);
  return hash.digest('hex');
}

const EMPTY = createHash('sha256').digest('hex');
