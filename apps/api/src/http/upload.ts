import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError, requestErrors } from '@spiderhub/core';
import createBusboy, { type Busboy } from 'busboy';
import { bodyPieces } from './body.ts';
import { HttpProblem, inWords, isHangUp } from './errors.ts';
import type { Incoming } from './incoming.ts';
import { badForm } from './multipart-params.ts';
import { addParam, type Params } from './params.ts';
import { sizeErrors } from './size-errors.ts';

export interface UploadedFile {
  /** Name of the form field; the name that the sender gave the file is of no use to us. */
  field: string;
  path: string;
}

export interface Upload {
  fields: Params;
  files: UploadedFile[];
  /** Removes the files. */
  remove(): Promise<void>;
}

export interface UploadLimits {
  /** Of the whole body. */
  maxBytes: number;
  /** Of each file; without it only the body is limited. */
  maxFileBytes?: number;
  maxFiles: number;
}

/** Of one egg, through whatever door it comes: what shub itself sends at most. */
export const MAX_EGG_BYTES = 50 * 1024 * 1024;
/** For everything else in a form with an egg: delimiters, names, requirements. */
export const BESIDE_EGG_BYTES = 1024 * 1024;

const MAX_FIELDS = 50;
const MAX_FIELD_BYTES = 64 * 1024;

const ABANDONED_MS = 24 * 3600_000;

/** Makes the directory for uploads, and removes those that a process left behind when it was killed. */
export async function prepareUploadDir(parent: string): Promise<void> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    // Other API processes use the same directory: only what is surely nobody's goes, and some may be gone already.
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Reads multipart/form-data into files in a new directory under `parent`. The caller ends with `remove`; when
 * reading fails, also because the sender hangs up in the middle, nothing is left behind.
 */
export async function receiveUpload(req: Incoming, parent: string, limits: UploadLimits): Promise<Upload> {
  const directory = join(parent, `upload-${randomUUID()}`);
  const remove = () => rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    return { ...(await receive(req, directory, limits)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Bytes of the largest of some files. */
export async function largestFile(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return Math.max(0, ...sizes);
}

async function receive(
  req: Incoming,
  directory: string,
  { maxBytes, maxFiles, maxFileBytes = maxBytes }: UploadLimits,
): Promise<Omit<Upload, 'remove'>> {
  const busboy = openBusboy(req, maxFiles, maxFileBytes);
  const upload: Omit<Upload, 'remove'> = { fields: Object.create(null), files: [] };
  const writes: Promise<void>[] = [];
  let cut: DomainError | undefined;
  busboy.on('field', (name, value, { valueTruncated }) => {
    const problem = valueTruncated ? `is larger than ${MAX_FIELD_BYTES} bytes` : problemOf(value);
    if (problem) busboy.destroy(requestErrors.invalid(name, problem));
    else addParam(upload.fields, name, value);
  });
  busboy.on('file', (field, stream) => {
    const path = join(directory, String(upload.files.length));
    upload.files.push({ field, path });
    stream.once('limit', () => {
      cut ??= sizeErrors.file(field, maxFileBytes);
      // Not at once: busboy is in the middle of this file and does not expect to lose it there.
      process.nextTick(() => busboy.destroy(cut));
    });
    // The rest of the form may have come before the disk refuses a file: then this is what is thrown.
    const writing = pipeline(stream, createWriteStream(path, { mode: 0o600 })).catch((error) => {
      throw inWords(error);
    });
    writing.catch((error) => busboy.destroy(error));
    writes.push(writing);
  });
  try {
    await feed(req, busboy, maxBytes);
    await Promise.all(writes);
    if (cut) throw cut;
    return upload;
  } finally {
    await Promise.allSettled(writes);
  }
}

function openBusboy(req: Incoming, maxFiles: number, maxFileBytes: number): Busboy {
  if (!/^multipart\/form-data\b/i.test(req.headers['content-type'] ?? '')) {
    throw new HttpProblem(415, 'Content-Type must be multipart/form-data');
  }
  const limits = {
    files: maxFiles,
    // busboy takes a file of exactly its limit for one that was cut.
    fileSize: maxFileBytes + 1,
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    fieldNameSize: 100,
  };
  let busboy: Busboy;
  try {
    busboy = createBusboy({ headers: req.headers, limits });
  } catch (error) {
    throw badForm(error);
  }
  busboy.on('fieldsLimit', () =>
    busboy.destroy(requestErrors.invalid('body', `more than ${MAX_FIELDS} fields`)),
  );
  busboy.on('filesLimit', () => busboy.destroy(requestErrors.invalid('body', `more than ${maxFiles} files`)));
  return busboy;
}

async function feed(req: Incoming, busboy: Busboy, maxBytes: number): Promise<void> {
  let hangUp: unknown;
  req.once('error', (error) => {
    hangUp = error;
  });
  // A form that is destroyed in the middle complains once more, when nobody listens.
  busboy.on('error', () => {});
  try {
    await pipeline(bodyPieces(req, maxBytes), busboy);
  } catch (error) {
    if (hangUp) throw hangUp;
    const isOurs = error instanceof DomainError || error instanceof HttpProblem || isHangUp(error);
    throw isOurs ? error : badForm(error);
  }
}

function problemOf(value: string): string | null {
  return value.includes('\0') ? 'NUL characters are not allowed' : null;
}
