import { existsSync, fstatSync } from 'node:fs';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '@spiderhub/platform';

/** The next byte to read: files are numbered from 1, offsets count bytes. */
export interface SpoolPosition {
  file: number;
  offset: number;
}

export interface SpoolChunk {
  /** Whole lines, each with its line feed. */
  lines: Buffer;
  /** Where the next chunk begins. */
  next: SpoolPosition;
}

/** What tells the reader that nothing more will be written, and wakes it when that happens. */
export interface SpoolEnd {
  hasEnded(): boolean;
  ended: Promise<unknown>;
}

const LF = 0x0a;
const CHUNK_BYTES = 512 * 1024;
const MAX_LINE_BYTES = 17 * 1024 * 1024;
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 80;
/** So often it is looked for the first line of a crawl, ms: somebody may be waiting for it. */
const FIRST_PAUSE_MS = 5;
/** A crawl whose Python starts anew may take longer to say something; it is followed like any other then, ms. */
const EAGER_MS = 2000;

/**
 * Follows the files that the shim writes, from `position` until the crawl has ended and all is read. Holds one chunk
 * at a time, whatever the crawl's speed. No line of the shim is longer than `maxLineBytes`; a longer one was put there by
 * somebody else. A half line at the very end is left out: a killed crawl may leave one.
 */
export async function* followSpool(
  directory: string,
  position: SpoolPosition,
  end: SpoolEnd,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<SpoolChunk> {
  const pause = makePause(end);
  let { file, offset } = position;
  for (;;) {
    const handle = await openFile(directory, file);
    if (handle === null) {
      if (end.hasEnded() && !existsSync(pathOf(directory, file))) return;
      await pause.wait();
      continue;
    }
    try {
      for (;;) {
        // In this order: when the next file exists, or the crawl has ended, this one will not grow any more.
        const isLast = end.hasEnded();
        const isComplete = isLast || existsSync(pathOf(directory, file + 1));
        const lines = await readLines(handle, offset, maxLineBytes);
        if (lines.length > 0) {
          pause.reset();
          offset += lines.length;
          yield { lines, next: { file, offset } };
        } else if (isComplete) {
          if (!existsSync(pathOf(directory, file + 1))) return;
          break;
        } else {
          await pause.wait();
        }
      }
    } finally {
      await handle.close();
    }
    file += 1;
    offset = 0;
  }
}

/** Removes the files that lie wholly before a position: the crawl may use their room again. */
export async function removeSpoolBefore(directory: string, position: SpoolPosition): Promise<void> {
  for (const name of await readdir(directory)) {
    if (Number(name) < position.file) await rm(join(directory, name), { force: true });
  }
}

/** The name of the shim's n-th file. */
export function spoolFileName(number: number): string {
  return String(number).padStart(6, '0');
}

function pathOf(directory: string, file: number): string {
  return join(directory, spoolFileName(file));
}

async function openFile(directory: string, file: number): Promise<FileHandle | null> {
  try {
    return await open(pathOf(directory, file), 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** The whole lines that begin at `offset`, about one chunk of them; empty when there is none yet. */
async function readLines(handle: FileHandle, offset: number, maxLineBytes: number): Promise<Buffer> {
  for (let wanted = CHUNK_BYTES; ; wanted = maxLineBytes) {
    // Asked synchronously: it never touches the disk, and a trip through the thread pool costs twenty times more.
    const available = Math.min(fstatSync(handle.fd).size - offset, wanted);
    if (available <= 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(available), 0, available, offset);
    const read = buffer.subarray(0, bytesRead);
    const end = read.lastIndexOf(LF) + 1;
    if (end > 0) return read.subarray(0, end);
    if (bytesRead < wanted) return Buffer.alloc(0);
    // Endless line: handed on as it is, to be refused as a message.
    if (wanted === maxLineBytes) return read;
  }
}

/** Waits a little longer each time nothing came, so that a busy crawl is followed closely and an idle one is cheap. */
function makePause({ ended }: SpoolEnd): { wait(): Promise<void>; reset(): void } {
  const eagerUntil = performance.now() + EAGER_MS;
  let pauseMs = FIRST_PAUSE_MS;
  let wake: (() => void) | null = null;
  void ended.then(() => wake?.());
  return {
    async wait() {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = null;
      const isEager = pauseMs === FIRST_PAUSE_MS && performance.now() < eagerUntil;
      if (!isEager) pauseMs = Math.min(Math.max(pauseMs * 2, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    },
    reset() {
      pauseMs = SHORTEST_PAUSE_MS;
    },
  };
}
