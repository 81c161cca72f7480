import { setTimeout as delay } from 'node:timers/promises';
import {
  type Appended,
  requestErrors,
  type SegmentIndex,
  type StreamName,
  type StreamRef,
  type StreamStore,
  TALLIES,
  type Tally,
  toStreamStats,
} from '@spiderhub/core';
import { assertLines, linesOf } from '../../lines/runs.ts';
import { asUnavailable } from '../errors.ts';
import type { Objects } from '../objects.ts';
import { holds, overwrite } from './overwrite.ts';
import { newPieces, sumStats } from './pieces.ts';
import { readAsGzip, readStream } from './read.ts';
import type { Ground } from './roll.ts';
import { createTending } from './tend.ts';
import { openSegmentWriter, SEALED_BYTES } from './writer.ts';

export interface SegmentStreamOptions {
  index: SegmentIndex;
  objects: Objects;
  tallies?: Record<StreamName, Tally>;
  /** A tail of so many bytes goes into an object of its own; one of a sealed stream from `sealedBytes` on. */
  rollBytes?: number;
  sealedBytes?: number;
  /** So many pieces of a tail are joined. */
  compactPieces?: number;
  /** Hears what went wrong and is tried again. */
  onError?: (error: unknown) => void;
}

export interface SegmentStreamStore extends StreamStore {
  /** Resolves when no object is being written. */
  settled(): Promise<void>;
}

const ROLL_BYTES = 8 * 2 ** 20;
const COMPACT_PIECES = 256;
/** Other changes of a stream that get in the way of one. */
const MAX_TRIES = 100;
/** Above any count of records, below where sums of numbers become inexact. */
const MAX_RECORD = 2 ** 52;
const MAX_NUMBER = 2 ** 31 - 1;
const END = Number.MAX_SAFE_INTEGER;

/** Streams whose newest records are rows and whose older ones lie in objects: docs/adr/0019 says why. */
export function createSegmentStreamStore(options: SegmentStreamOptions): SegmentStreamStore {
  const { index, objects, tallies = TALLIES, onError = () => {} } = options;
  const ground = { index, objects };
  const tallyOf = ({ stream }: StreamRef) => tallies[stream];
  const tending = createTending(ground, tallyOf, {
    rollBytes: options.rollBytes ?? ROLL_BYTES,
    compactPieces: options.compactPieces ?? COMPACT_PIECES,
    onError,
  });

  async function append(ref: StreamRef, lines: Buffer[], start?: number): Promise<Appended> {
    const pieces = await newPieces(lines, tallyOf(ref));
    const appended = await index.append({ ref, first: start, pieces });
    if (appended) await tending.added(ref, appended);
    return appended;
  }

  /** Where some of the numbers are taken, unless the same stands there already. */
  async function replace(ref: StreamRef, lines: Buffer[], start: number): Promise<boolean> {
    if (!(await holds(ground, ref, start, lines))) {
      return overwrite(ground, ref, { first: start, lines }, tallyOf(ref));
    }
    await index.reserve(ref);
    return true;
  }

  async function write(ref: StreamRef, lines: Buffer[], start?: number): Promise<{ first: number }> {
    assertLines(lines);
    if (start !== undefined && !(Number.isInteger(start) && start >= 0 && start <= MAX_RECORD)) {
      throw requestErrors.invalid('start', 'expected a record number');
    }
    if (lines.length === 0) return { first: start ?? (await index.head(ref))?.end ?? 0 };
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const appended = await append(ref, lines, start);
      if (appended) return { first: appended.first };
      if (start !== undefined && (await replace(ref, lines, start))) return { first: start };
      await delay(Math.random() * Math.min(500, 5 * tries));
    }
    throw new Error('the stream changes all the time');
  }

  return {
    openWriter: (ref) =>
      told(
        openSegmentWriter({
          ground,
          tending,
          ref: checked(ref),
          tally: tallyOf(ref),
          sealedBytes: options.sealedBytes ?? SEALED_BYTES,
        }),
      ),
    write: async (ref, lines, start) => told(write(checked(ref), lines, start)),
    read: (ref, { from = 0, to = END } = {}) => toldEach(read(ground, checked(ref), from, to)),
    readGzip: (ref) => toldEach(readAsGzip(ground, checked(ref))),
    async stats(ref) {
      const { end, parts } = await index.stats(checked(ref));
      return toStreamStats(sumStats(parts), end);
    },
    async mark(ref) {
      const head = await index.head(checked(ref));
      return head ? [head.id, head.version, head.end, head.lastTs].join(' ') : '';
    },
    setAside: (key) => index.setAside(key),
    bringBack: (key) => index.bringBack(key),
    removeJobs: (keys) => index.removeJobs(keys),
    sizeOfProject: (project) => index.sizeOfProject(project),
    settled: () => tending.settled(),
  };
}

async function* read(ground: Ground, ref: StreamRef, from: number, to: number) {
  for await (const run of readStream(ground, ref, from, Math.min(to, END)))
    yield { first: run.first, ts: run.ts, lines: linesOf(run) };
}

/** Names of objects are made of checked numbers and known words only. */
function checked(ref: StreamRef): StreamRef {
  const { key, attempt } = ref;
  for (const [field, value] of Object.entries({ ...key, attempt })) {
    if (!Number.isInteger(value) || value < 0 || value > MAX_NUMBER)
      throw requestErrors.invalid(field, 'expected a whole number');
  }
  if (!Object.hasOwn(TALLIES, ref.stream)) throw requestErrors.invalid('stream', 'unknown stream');
  return ref;
}

/** Callers hear of a storage that is away in the words of core. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asUnavailable(error);
  }
}

async function* toldEach<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw asUnavailable(error);
  }
}
