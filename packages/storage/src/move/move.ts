import { createHash } from 'node:crypto';
import type { BlobStore, RecordBatch, StreamRef, StreamStore } from '@spiderhub/core';

/** A side of a move. */
export interface Movable {
  streams: StreamStore;
  blobs: BlobStore;
  /** Every stream, with those of jobs that were set aside. */
  list(): AsyncIterable<{ ref: StreamRef; isAside: boolean }>;
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
    const isKnown = await to.blobs.localPath(sha256).then(
      () => true,
      () => false,
    );
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
}

/** Whether there was something to do. */
async function moveStream(from: Movable, to: Movable, ref: StreamRef): Promise<boolean> {
  const { key, attempt, stream } = ref;
  const name = [key.project, key.spider, key.job, attempt, stream].join('/');
  const wanted = await digestOf(from.streams.read(ref));
  if (wanted === EMPTY) return false;
  const found = await digestOf(to.streams.read(ref));
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

/** Of numbers and texts of all records, however they lie. */
async function digestOf(batches: AsyncIterable<RecordBatch>): Promise<string> {
  const hash = createHash('sha256');
  for await (const { first, lines } of batches)
    for (const [i, line] of lines.entries()) hash.update(`${first + i} ${line.length} `).update(line);
  return hash.digest('hex');
}

const EMPTY = createHash('sha256').digest('hex');
