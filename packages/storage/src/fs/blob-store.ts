import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobStore, StoredBlob } from '@spiderhub/core';
import { copyHashed, missingBlob, removeAbandoned, SHA256, sha256Checked } from './blob-files.ts';
import { entriesOf, isMissing, syncDirs, syncFile } from './sync.ts';

export interface FsBlobStoreOptions {
  /** Directory of all blobs, on a file system that all API and worker processes share. */
  root: string;
}

/** Blobs as files named by their content. A blob that is there is whole: it is written aside and moved into place. */
export function createFsBlobStore(options: FsBlobStoreOptions): BlobStore {
  const root = path.resolve(options.root);
  const incoming = path.join(root, 'incoming');

  function pathOf(sha256: string): string {
    return path.join(root, sha256Checked(sha256).slice(0, 2), sha256);
  }

  async function putFile(
    source: string,
    beforePlaced?: (blob: StoredBlob) => Promise<void>,
  ): Promise<StoredBlob> {
    await mkdir(incoming, { recursive: true });
    const copy = path.join(incoming, randomUUID());
    try {
      const found = await copyHashed(source, copy);
      await beforePlaced?.(found);
      await moveIntoPlace(copy, pathOf(found.sha256));
      return found;
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** Also over one that is there: the same content, and whole even if the first was damaged. */
  async function moveIntoPlace(copy: string, target: string): Promise<void> {
    await chmod(copy, 0o444);
    await syncFile(copy);
    await mkdir(path.dirname(target), { recursive: true });
    await rename(copy, target);
    await syncDirs(path.dirname(target), root);
  }

  async function localPath(sha256: string): Promise<string> {
    const file = pathOf(sha256);
    await access(file).catch((error: unknown) => {
      throw isMissing(error) ? missingBlob(sha256) : error;
    });
    return file;
  }

  return {
    putFile,
    localPath,
    async open(sha256) {
      const handle = await open(pathOf(sha256), 'r').catch((error: unknown) => {
        throw isMissing(error) ? missingBlob(sha256) : error;
      });
      return handle.createReadStream();
    },
    remove: (sha256) => rm(pathOf(sha256), { force: true }),
    async *list() {
      await removeAbandoned(incoming);
      for (const folder of await entriesOf(root)) {
        if (!/^[0-9a-f]{2}$/.test(folder)) continue;
        for (const sha256 of await entriesOf(path.join(root, folder)))
          if (SHA256.test(sha256)) yield { sha256, sizeBytes: await sizeOf(pathOf(sha256)) };
      }
    },
  };
}

/** Whether a file lies there and has this content. */
export async function holdsFile(root: string, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path.join(root, sha256.slice(0, 2), sha256)), hash);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  return hash.digest('hex') === sha256;
}

/** Bytes; 0 for a file that went meanwhile. */
function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
