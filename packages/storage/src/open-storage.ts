import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlobStore,
  type RecordBatch,
  type SegmentIndex,
  type StreamRef,
  type StreamStore,
  TALLIES,
} from '@spiderhub/core';
import { createFsBlobStore, holdsFile } from './fs/blob-store.ts';
import { listStreams } from './fs/list-streams.ts';
import { createFsStreamStore } from './fs/stream-store.ts';
import type { Movable } from './move/move.ts';
import { parseS3Url, type S3Address } from './s3/address.ts';
import { createBlobCache } from './s3/blob-cache.ts';
import { createS3BlobStore, holdsObject } from './s3/blob-store.ts';
import { createS3Client } from './s3/client.ts';
import { type CredentialSettings, credentialsFrom } from './s3/credentials.ts';
import { createObjects, type Objects } from './s3/objects.ts';
import { importStream, listSegmentStreams } from './s3/streams/import.ts';
import { createSegmentKeeper, type SegmentKeeper } from './s3/streams/keep.ts';
import { createSegmentStreamStore } from './s3/streams/stream-store.ts';

export interface StorageSettings extends CredentialSettings {
  /** Files lie below it, or the cache of those that lie in S3. */
  SPIDERHUB_HOME: string;
  /** `s3://bucket/folder?endpoint=…`; without it files lie on the disk. */
  STORAGE_URL?: string | undefined;
  AWS_REGION?: string | undefined;
  /** What files of S3 may take on this machine, bytes. */
  CACHE_BYTES: number;
  /** How long objects stay that nothing names any more. */
  GARBAGE_HOURS: number;
}

export interface StorageOptions {
  index: SegmentIndex;
  /** Hears what went wrong and is tried again. */
  onError?: (error: unknown) => void;
}

/** Where streams and blobs are. */
export interface Storage {
  streams: StreamStore;
  blobs: BlobStore;
  /** What has to be done for objects; null for files. */
  objects: { keeper: SegmentKeeper; objects: Objects; index: SegmentIndex } | null;
  /** For whoever moves all of it. */
  movable: Movable;
  /** Throws when nothing can be stored. */
  ping(): Promise<void>;
  /** Resolves when nothing is being written on the side any more. */
  settled(): Promise<void>;
}

const HOUR_MS = 3600_000;
/** Who asks again so soon hears the same, ms: `/readyz` is open to everybody. */
const PING_MS = 2000;

/** Chooses the driver. Throws an Error that names the variable when it cannot be right. */
export function openStorage(
  settings: StorageSettings,
  { index, onError = () => {} }: StorageOptions,
): Storage {
  const data = join(settings.SPIDERHUB_HOME, 'data');
  if (settings.STORAGE_URL === undefined) return filesBelow(data);
  const objects = objectsOf(settings.STORAGE_URL, settings);
  const cache = createBlobCache(join(settings.SPIDERHUB_HOME, 'cache/blobs'), settings.CACHE_BYTES);
  const streams = createSegmentStreamStore({ index, objects, onError });
  const blobs = createS3BlobStore(objects, cache);
  return {
    streams,
    blobs,
    movable: {
      streams,
      blobs,
      holds: (sha256) => holdsObject(objects, sha256),
      list: () => listSegmentStreams(index),
      forget: (ref) => index.upkeep.forget(ref),
      take: (ref, batches) => importStream({ index, objects }, ref, batches, TALLIES[ref.stream]),
    },
    objects: {
      keeper: createSegmentKeeper({ index, objects, garbageMs: settings.GARBAGE_HOURS * HOUR_MS, onError }),
      objects,
      index,
    },
    ping: nowAndThen(() => objects.ping()),
    settled: () => streams.settled(),
  };
}

/** Throws what is wrong with the bucket that STORAGE_URL names; nothing is asked without it. */
export async function pingBucket({ STORAGE_URL, ...settings }: StorageSettings): Promise<void> {
  if (STORAGE_URL !== undefined) await objectsOf(STORAGE_URL, settings).ping();
}

function objectsOf(url: string, settings: StorageSettings): Objects {
  const address = addressOf(url, settings.AWS_REGION);
  return createObjects(createS3Client({ address, credentials: credentialsFrom(settings, address.region) }));
}

function addressOf(url: string, region: string | undefined): S3Address {
  try {
    return parseS3Url(url, region);
  } catch (error) {
    throw new Error(`STORAGE_URL: ${(error as Error).message}`);
  }
}

/** Streams and blobs as files of a directory. */
export function filesBelow(data: string): Storage {
  const root = join(data, 'streams');
  const streams = createFsStreamStore({ root, tallies: TALLIES });
  const blobs = createFsBlobStore({ root: join(data, 'blobs') });
  return {
    streams,
    blobs,
    objects: null,
    movable: {
      streams,
      blobs,
      holds: (sha256) => holdsFile(join(data, 'blobs'), sha256),
      list: () => listStreams(root),
      take: (ref, batches) => takeFiles(root, ref, batches),
    },
    async ping() {
      await mkdir(data, { recursive: true });
      await access(data, constants.W_OK);
    },
    settled: async () => {},
  };
}

/** With the arrivals that they had. */
async function takeFiles(root: string, ref: StreamRef, batches: AsyncIterable<RecordBatch>): Promise<void> {
  let arrival = 0;
  const store = createFsStreamStore({ root, tallies: TALLIES, now: () => arrival });
  for await (const { first, ts, lines } of joined(batches)) {
    arrival = ts;
    await store.write(ref, lines, first);
  }
}

/** A batch that lies in several pieces is one again: each has an arrival that no other one has. */
async function* joined(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  let last = null as RecordBatch | null;
  for await (const batch of batches) {
    if (last && last.ts === batch.ts && last.first + last.lines.length === batch.first) {
      last = { ...last, lines: last.lines.concat(batch.lines) };
      continue;
    }
    if (last) yield last;
    last = batch;
  }
  if (last) yield last;
}

function nowAndThen(ask: () => Promise<void>): () => Promise<void> {
  let last: { at: number; answer: Promise<void> } | null = null;
  return () => {
    if (!last || last.at < Date.now() - PING_MS) last = { at: Date.now(), answer: ask() };
    return last.answer;
  };
}
