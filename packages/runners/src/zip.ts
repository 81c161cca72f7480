import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '@spiderhub/core';
import { isDiskFull } from '@spiderhub/platform';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

const MAX_ENTRIES = 20_000;
const MIB = 1024 * 1024;
/** However well it compresses: tables of data may do so a hundred times. */
const MAX_UNPACKED_BYTES = 200 * MIB;
const MAX_NAME_LENGTH = 1024;

/** A file begins with its first entry, an empty one with the end of its directory. */
const ZIP_MAGICS = [0x504b0304, 0x504b0506];

const TYPE_BITS = 0o170000;
const REGULAR_FILE = 0o100000;
const FOLDER = 0o040000;

export function badEgg(why: string, cause?: unknown): DomainError {
  return new DomainError('invalid', 'bad_egg', `egg: ${why}`, { cause });
}

/**
 * Unpacks a ZIP file of a stranger into an empty directory. Checks every name and size before it writes anything and
 * throws `invalid` with the reason; what was written until an error is left to the caller.
 */
export async function unpackZip(path: string, target: string): Promise<void> {
  await withEntries(path, async (zip, entries) => {
    for (const entry of entries) await unpackEntry(zip, entry, target);
  });
}

/** Throws what `unpackZip` would throw for this file's directory of names and sizes; writes nothing. */
export function checkZip(path: string): Promise<void> {
  return withEntries(path, async () => {});
}

async function withEntries(
  path: string,
  use: (zip: ZipFile, entries: Entry[]) => Promise<void>,
): Promise<void> {
  await requireZipMagic(path);
  const zip = await openZip(path);
  try {
    const entries = await listEntries(zip);
    checkSizes(entries);
    checkNames(entries);
    await use(zip, entries);
  } catch (error) {
    // A full disk says nothing about an egg.
    if (error instanceof DomainError || isDiskFull(error)) throw error;
    throw badEgg(`cannot be unpacked: ${messageOf(error)}`, error);
  } finally {
    zip.close();
  }
}

/** Something else with a ZIP file at its end is not an egg, although ZIP readers would take it. */
async function requireZipMagic(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (!ZIP_MAGICS.includes(buffer.readUInt32BE())) throw badEgg('not a ZIP file');
  } finally {
    await file.close();
  }
}

function openZip(path: string): Promise<ZipFile> {
  const options = { autoClose: false, lazyEntries: true, strictFileNames: true };
  return new Promise((resolve, reject) => {
    yauzl.open(path, options, (error, zip) => {
      if (error) reject(badEgg(`not a ZIP file: ${error.message}`, error));
      else resolve(zip);
    });
  });
}

function listEntries(zip: ZipFile): Promise<Entry[]> {
  if (zip.entryCount > MAX_ENTRIES) return Promise.reject(badEgg(`more than ${MAX_ENTRIES} entries`));
  const entries: Entry[] = [];
  return new Promise((resolve, reject) => {
    zip.on('error', (error: Error) => reject(badEgg(`unsafe path or broken entry: ${error.message}`, error)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

/** Declared sizes are binding: yauzl refuses an entry that inflates to anything else. */
function checkSizes(entries: Entry[]): void {
  const unpacked = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (unpacked <= MAX_UNPACKED_BYTES) return;
  throw badEgg(`unpacks to ${Math.ceil(unpacked / MIB)} MB, ${MAX_UNPACKED_BYTES / MIB} MB are allowed`);
}

function checkNames(entries: Entry[]): void {
  for (const entry of entries) {
    const name = entry.fileName;
    if (name.includes('\0') || name.length > MAX_NAME_LENGTH) throw badEgg(`unsafe path ${shown(name)}`);
    if (!isFileOrFolder(entry)) throw badEgg(`unsafe path ${shown(name)}: neither a file nor a folder`);
  }
  checkPlaces(entries.map(({ fileName }) => placeOf(fileName)));
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

/** Where an entry comes to lie. */
interface Place {
  name: string;
  isFolder: boolean;
  /** The path as the file system understands it, with a slash at its end. */
  key: string;
}

function placeOf(name: string): Place {
  const path = posix.normalize(name);
  return { name, isFolder: name.endsWith('/'), key: path.endsWith('/') ? path : `${path}/` };
}

/**
 * No entry may stand where another file is, or below one. In order, whatever lies below a place follows it at once, so
 * that looking at neighbours is enough.
 */
function checkPlaces(places: Place[]): void {
  places.sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key));
  for (const [i, { name, isFolder, key }] of places.entries()) {
    if (key === './' && !isFolder) throw badEgg(`unsafe path ${shown(name)}`);
    const next = places[i + 1];
    if (!next?.key.startsWith(key)) continue;
    if (name === next.name && !isFolder) throw badEgg(`two entries named ${shown(name)}`);
    const isClash = key === next.key ? !(isFolder && next.isFolder) : !isFolder;
    if (isClash) throw badEgg(`unsafe path ${shown(next.name)}: clashes with ${shown(name)}`);
  }
}

/** The upper half holds the Unix mode, when the packer was Unix: links and devices are refused. */
function isFileOrFolder(entry: Entry): boolean {
  const type = (entry.externalFileAttributes >>> 16) & TYPE_BITS;
  return type === 0 || type === REGULAR_FILE || type === FOLDER;
}

async function unpackEntry(zip: ZipFile, entry: Entry, target: string): Promise<void> {
  const path = join(target, entry.fileName);
  if (entry.fileName.endsWith('/')) {
    await mkdir(path, { recursive: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  await pipeline(await openEntry(zip, entry), createWriteStream(path, { flags: 'wx', mode: 0o644 }));
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
}

/** The operating system's errors name paths of this machine; their codes say enough. */
function messageOf(error: unknown): string {
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return code ?? 'the system refused it';
  return error instanceof Error ? error.message : String(error);
}
