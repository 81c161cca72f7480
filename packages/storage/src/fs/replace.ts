import { type FileHandle, open, readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { RunningStats } from '@spiderhub/core';
import { GZIP_HEADER } from '../gzip/segments.ts';
import type { Pack } from '../lines/packs.ts';
import { endOf } from '../lines/runs.ts';
import {
  formatCommit,
  formatHeader,
  type Member,
  NO_INDEX,
  type StreamIndex,
  withMembers,
} from './index-file.ts';
import { compressPack } from './members.ts';
import type { StreamFiles } from './paths.ts';
import type { LogState, StreamLog } from './stream-log.ts';
import { readExactly, syncFile, writeAll } from './sync.ts';
import { formatTail, type TailRun, tailSize, tailTs } from './tail.ts';

/** A stream's whole content in other words than before. */
export interface Replacement {
  /** Number of the data file with the members. */
  data: number;
  members: readonly Member[];
  /** Where the tail begins. */
  end: number;
  /** Stats of the members. */
  base: RunningStats;
  runs: readonly TailRun[];
}

/**
 * Puts a new index in the place of the old one, in one step and durably: readers and a crash find the stream either
 * as it was or as it is now. The data that the members lie in must be durable before.
 */
export async function replaceIndex(log: StreamLog, old: StreamIndex, next: Replacement): Promise<LogState> {
  const { files } = log;
  const empty = { ...NO_INDEX, generation: old.generation + 1, data: next.data };
  const text = Buffer.concat([formatHeader(empty), formatCommit(next.end, next.members)]);
  const index = withMembers(empty, next.end, next.members, text.length);
  const tail = formatTail(next.base, next.runs);
  await writeNew(files.tail(index.generation, index.end), tail, true);
  await writeNew(files.nextIndex, text, true);
  await rename(files.nextIndex, files.index);
  await syncFile(files.dir);
  await removeStrays(files, index);
  return {
    index,
    tailBytes: tail.length,
    pendingBytes: tailSize(next.runs),
    isPromised: next.runs.some(({ acknowledged }) => acknowledged),
    end: next.runs.at(-1) ? endOf(next.runs.at(-1) as TailRun) : index.end,
    lastTs: Math.max(index.lastTs, tailTs(next.runs)),
    stats: null,
  };
}

/** Removes files that the index does not name: what was replaced, or never finished. */
export async function removeStrays(files: StreamFiles, index: StreamIndex): Promise<void> {
  const named = new Set([files.data(index.data), files.tail(index.generation, index.end)]);
  for (const name of await readdir(files.dir)) {
    const file = path.join(files.dir, name);
    if (files.owns(name) && !named.has(file)) await unlink(file);
  }
}

/** Writes a file that nobody reads yet, over whatever an unfinished attempt left there. */
export async function writeNew(file: string, content: Buffer, durable: boolean): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await writeAll(handle, content, 0);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Compresses records to the end of a data file. They count once the index has the members that come back. */
export async function appendData(file: string, packs: readonly Pack[], durable: boolean): Promise<Member[]> {
  return intoData(file, durable, async (write, end) => {
    const members: Member[] = [];
    let offset = end;
    for (const pack of packs) {
      const { member, body } = await compressPack(pack, offset);
      await write(body);
      offset += body.length;
      members.push(member);
    }
    return members;
  });
}

/** Copies members as they lie to the end of another data file. */
export async function copyData(
  from: FileHandle,
  file: string,
  members: readonly Member[],
): Promise<Member[]> {
  return intoData(file, true, async (write, end) => {
    const copies: Member[] = [];
    let offset = end;
    for (const member of members) {
      await write(await readExactly(from, member.offset, member.length));
      copies.push({ ...member, offset });
      offset += member.length;
    }
    return copies;
  });
}

type Write = (bytes: Buffer) => Promise<void>;

/** Only the end is written to, ever: a reader with an older index may still be at any other place. */
async function intoData<T>(
  file: string,
  durable: boolean,
  work: (write: Write, end: number) => Promise<T>,
): Promise<T> {
  const handle = await open(file, 'a');
  try {
    const { size } = await handle.stat();
    // The header lets `zcat` read the file; what is served has a header of its own.
    if (size === 0) await writeAll(handle, GZIP_HEADER, null);
    const result = await work((bytes) => writeAll(handle, bytes, null), Math.max(size, GZIP_HEADER.length));
    if (durable) await handle.datasync();
    return result;
  } finally {
    await handle.close();
  }
}
