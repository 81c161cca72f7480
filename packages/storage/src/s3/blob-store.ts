import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { type BlobStore, type StoredBlob, singleFlight } from '@spiderhub/core';
import { copyHashed, missingBlob, SHA256, sha256Checked } from '../fs/blob-files.ts';
import type { BlobCache } from './blob-cache.ts';
import { asUnavailable, S3Error } from './errors.ts';
import type { Objects } from './objects.ts';

const FOLDER = 'blobs/';
/** A download comes in such pieces, bytes: what breaks costs one of them. */
const PIECE_BYTES = 8 * 2 ** 20;

/**
 * Blobs as objects named by their content, so that storing one twice is the same as once. `localPath` and `open` go
 * through the cache of this machine, which holds whole files only.
 */
export function createS3BlobStore(objects: Objects, cache: BlobCache): BlobStore {
  const fetching = singleFlight<string>();

  async function putFile(
    source: string,
    beforePlaced?: (blob: StoredBlob) => Promise<void>,
  ): Promise<StoredBlob> {
    const draft = await cache.draft();
    try {
      const found = await copyHashed(source, draft);
      await beforePlaced?.(found);
      await objects.putFile(FOLDER + found.sha256, draft, found.sha256).catch((error: unknown) => {
        throw asUnavailable(error);
      });
      await cache.place(draft, found.sha256);
      return found;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async function localPath(sha256: string): Promise<string> {
    sha256Checked(sha256);
    return (await cache.find(sha256)) ?? fetching(sha256, () => fetchInto(sha256));
  }

  async function fetchInto(sha256: string): Promise<string> {
    const draft = await cache.draft();
    try {
      await download(objects, sha256, draft);
      return await cache.place(draft, sha256);
    } catch (error) {
      throw error instanceof S3Error && error.isMissing ? missingBlob(sha256) : asUnavailable(error);
    } finally {
      await rm(draft, { force: true });
    }
  }

  return {
    putFile,
    localPath,
    async open(sha256) {
      return createReadStream(await localPath(sha256));
    },
    async remove(sha256) {
      await objects.remove([FOLDER + sha256Checked(sha256)]);
      await cache.forget(sha256);
    },
    async *list() {
      for await (const { key, sizeBytes } of objects.list(FOLDER)) {
        const sha256 = key.slice(FOLDER.length);
        if (SHA256.test(sha256)) yield { sha256, sizeBytes };
      }
    },
  };
}

/** Throws when what came is not what the name says. */
async function download(objects: Objects, sha256: string, target: string): Promise<void> {
  const hash = createHash('sha256');
  const file = await open(target, 'wx');
  try {
    for await (const piece of piecesOf(objects, sha256)) {
      hash.update(piece);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  if (hash.digest('hex') !== sha256) throw new Error(`the object of file ${sha256} is damaged`);
}

async function* piecesOf(objects: Objects, sha256: string): AsyncGenerator<Buffer> {
  for (let at = 0, size = 1; at < size; ) {
    const piece = await objects.readPart(FOLDER + sha256, at, PIECE_BYTES);
    yield piece.body;
    at += piece.body.length;
    size = piece.size;
  }
}

/** Whether this content lies in the bucket, whatever is in the cache of this machine. */
export async function holdsObject(objects: Objects, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    for await (const piece of piecesOf(objects, sha256)) hash.update(piece);
  } catch (error) {
    if (error instanceof S3Error && error.isMissing) return false;
    throw error;
  }
  return hash.digest('hex') === sha256;
}
