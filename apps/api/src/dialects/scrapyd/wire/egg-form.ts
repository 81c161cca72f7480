import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Request } from 'express';
import { bodyPieces } from '../../../http/body.ts';
import { sizeErrors } from '../../../http/size-errors.ts';
import { BESIDE_EGG_BYTES, MAX_EGG_BYTES } from '../../../http/upload.ts';
import { queryFields, readerFor } from './body.ts';
import { type Fields, withBody } from './fields.ts';
import { createGatherer, type Piece } from './form-reader.ts';

/** A form whose `egg` is on disk, and all else of it in memory. */
export interface EggForm {
  fields: Fields;
  /** Null when there was none. */
  eggPath: string | null;
  /** Removes the egg. */
  remove(): Promise<void>;
}

/**
 * Reads the parameters of a POST with an egg, into a new directory under `parent`: a piece at a time, since many eggs
 * may come at once and some clients write each byte of one as three. The caller ends with `remove`; when reading fails
 * nothing is left behind.
 */
export async function receiveEggForm(req: Request, parent: string): Promise<EggForm> {
  const directory = join(parent, `egg-${randomUUID()}`);
  const remove = () => rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const sink = createEggSink(join(directory, 'project.egg'));
  try {
    const query = queryFields(req);
    for await (const piece of formPieces(req)) await sink.take(piece);
    const inQuery = query.get('egg')?.[0];
    if (inQuery && sink.eggPath() === null) for (const piece of ['egg', inQuery]) await sink.take(piece);
    await sink.close();
    return { fields: withBody(query, sink.fields), eggPath: sink.eggPath(), remove };
  } catch (error) {
    await sink.close();
    await remove();
    throw error;
  }
}

async function* formPieces(req: Request): AsyncGenerator<Piece> {
  const form = readerFor(req);
  if (!form) {
    req.resume();
    return;
  }
  const maxBytes = MAX_EGG_BYTES * (form.isUrlencoded ? 3 : 1) + BESIDE_EGG_BYTES;
  let isEmpty = true;
  for await (const bytes of bodyPieces(req, maxBytes)) {
    isEmpty = false;
    yield* form.reader.feed(bytes);
  }
  if (!isEmpty) yield* form.reader.end();
}

interface EggSink {
  fields: Fields;
  take(piece: Piece): Promise<void>;
  eggPath(): string | null;
  close(): Promise<void>;
}

/** Writes the first value named `egg` to a file. Others of this name count for nothing. */
function createEggSink(path: string): EggSink {
  const fields: Fields = new Map();
  const gather = createGatherer(fields, BESIDE_EGG_BYTES);
  let file: FileHandle | null = null;
  let where: 'fields' | 'egg' | 'nowhere' = 'fields';
  let eggBytes = 0;

  async function write(bytes: Buffer): Promise<void> {
    eggBytes += bytes.length;
    if (eggBytes > MAX_EGG_BYTES) throw sizeErrors.file('egg', MAX_EGG_BYTES);
    await (file as FileHandle).appendFile(bytes);
  }

  async function begin(name: string): Promise<void> {
    if (name !== 'egg') {
      where = 'fields';
      gather(name);
    } else if (file) {
      where = 'nowhere';
      gather(name);
    } else {
      where = 'egg';
      file = await open(path, 'wx', 0o600);
    }
  }

  return {
    fields,
    async take(piece) {
      if (typeof piece === 'string') await begin(piece);
      else if (where === 'egg') await write(piece);
      else if (where === 'fields') gather(piece);
    },
    eggPath: () => (file ? path : null),
    close: async () => file?.close(),
  };
}
