import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError, requestErrors, type StoredBlob } from '@spiderhub/core';
import { entriesOf } from './sync.ts';

/** No file takes so long to be stored, ms. */
const ABANDONED_MS = 24 * 3600_000;

export const SHA256 = /^[0-9a-f]{64}$/;

/** The name of a blob. Throws `invalid` for what is none: it becomes part of a path. */
export function sha256Checked(sha256: string): string {
  if (!SHA256.test(sha256)) throw requestErrors.invalid('sha256', 'expected 64 hex digits');
  return sha256;
}

export function missingBlob(sha256: string): DomainError {
  return new DomainError('not_found', 'blob_not_found', `file ${sha256} not found`, { details: { sha256 } });
}

/** Hashes what it writes, so a source that changes meanwhile cannot get a false name. */
export async function copyHashed(source: string, copy: string): Promise<StoredBlob> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(source), hashing, createWriteStream(copy, { flags: 'wx' }));
  return { sha256: hash.digest('hex'), sizeBytes: (await stat(copy)).size };
}

/** Removes what killed processes left half written in a directory. */
export async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await entriesOf(incoming)) {
    const copy = path.join(incoming, name);
    const { mtimeMs } = await stat(copy).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(copy, { force: true });
  }
}
