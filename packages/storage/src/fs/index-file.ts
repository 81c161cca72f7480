import type { FileHandle } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { GZIP_HEADER } from '../gzip/segments.ts';
import { openIfThere, readExactly } from './sync.ts';

const LF = 0x0a;
const HEADER_MAX_BYTES = 100;

/** One compressed segment: consecutive records. */
export interface Member {
  first: number;
  count: number;
  /** Where its bytes lie in the data file. */
  offset: number;
  length: number;
  /** Size and CRC-32 of the lines before compression. */
  raw: number;
  crc: number;
  /** Pairs of first record and arrival time, for each batch in it. */
  ts: [number, number][];
}

/**
 * What the index file says. Its first line names the data file and the generation; each further line commits segments
 * that the data file holds by then. Whatever the other files hold beyond it does not exist.
 */
export interface StreamIndex {
  /** Raised whenever the index is replaced as a whole. */
  generation: number;
  /** Number of the data file. */
  data: number;
  members: Member[];
  /** Where the tail begins. */
  end: number;
  /** Latest arrival among the members, ms since the epoch. */
  lastTs: number;
  /** Where the data file ends as far as the index knows. */
  dataEnd: number;
  /** Bytes of the index file up to its last whole line; 0 when there is none. */
  validBytes: number;
}

export const NO_INDEX: StreamIndex = {
  generation: 0,
  data: 0,
  members: [],
  end: 0,
  lastTs: 0,
  dataEnd: GZIP_HEADER.length,
  validBytes: 0,
};

interface Header {
  generation: number;
  data: number;
}

export function formatHeader({ generation, data }: Header): Buffer {
  return Buffer.from(`${JSON.stringify({ generation, data })}\n`);
}

/** One line, so that a commit is there as a whole or not at all. */
export function formatCommit(end: number, members: readonly Member[]): Buffer {
  return Buffer.from(`${JSON.stringify({ end, members })}\n`);
}

/** `index` and further members, committed as lines that take `bytes`. The old object stays as it was. */
export function withMembers(
  index: StreamIndex,
  end: number,
  members: readonly Member[],
  bytes: number,
): StreamIndex {
  let { lastTs, dataEnd } = index;
  for (const member of members) {
    for (const [, ts] of member.ts) lastTs = Math.max(lastTs, ts);
    dataEnd = Math.max(dataEnd, member.offset + member.length);
  }
  const validBytes = index.validBytes + bytes;
  return { ...index, members: index.members.concat(members), end, lastTs, dataEnd, validBytes };
}

/** Reads index text that follows what `base` was read from. A last line without its end is not there yet. */
export function parseIndex(text: Buffer, base: StreamIndex = NO_INDEX): StreamIndex {
  const members: Member[] = [];
  let { generation, data, end } = base;
  let at = 0;
  for (let lineEnd = text.indexOf(LF); lineEnd !== -1; lineEnd = text.indexOf(LF, at)) {
    const line = JSON.parse(text.toString('utf8', at, lineEnd)) as
      | Header
      | { end: number; members: Member[] };
    if ('members' in line) {
      for (const member of line.members) members.push(member);
      end = line.end;
    } else {
      ({ generation, data } = line);
    }
    at = lineEnd + 1;
  }
  return withMembers({ ...base, generation, data }, end, members, at);
}

/** The index without the members that the data file does not hold: what a loss of power can leave. */
export function fitToData(index: StreamIndex, dataBytes: number): StreamIndex {
  if (index.dataEnd <= dataBytes) return index;
  const lost = index.members.findIndex(({ offset, length }) => offset + length > dataBytes);
  const kept = index.members.slice(0, Math.max(lost, 0));
  const last = kept.at(-1);
  const end = last ? last.first + last.count : 0;
  return withMembers({ ...NO_INDEX, ...pick(index) }, end, kept, 0);
}

function pick({
  generation,
  data,
  validBytes,
}: StreamIndex): Pick<StreamIndex, 'generation' | 'data' | 'validBytes'> {
  return { generation, data, validBytes };
}

/** Number of the first member that ends behind `record`; the number of members when none does. */
export function memberAt(index: StreamIndex, record: number): number {
  let low = 0;
  let high = index.members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const member = index.members[middle] as Member;
    if (member.first + member.count > record) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Cached {
  inode: number;
  bytes: number;
  modified: number;
  index: StreamIndex;
}

export interface IndexCache {
  /** The index as its file stands now; `NO_INDEX` when there is no file. */
  load(file: string): Promise<StreamIndex>;
}

/**
 * Keeps parsed indexes, those that were used last, up to `maxBytes` of index text (parsed they take a few times as
 * much). An index that only grew is read from where the last reading ended.
 */
export function createIndexCache(maxBytes: number): IndexCache {
  const cached = new LRUCache<string, Cached>({
    maxSize: maxBytes,
    // The greatest index of all is kept, too: alone.
    sizeCalculation: ({ bytes }) => Math.min(Math.max(bytes, 1), maxBytes),
  });

  async function load(file: string): Promise<StreamIndex> {
    const handle = await openIfThere(file);
    if (!handle) {
      cached.delete(file);
      return NO_INDEX;
    }
    try {
      const entry = await readIndex(handle, cached.get(file));
      cached.set(file, entry);
      return entry.index;
    } finally {
      await handle.close();
    }
  }

  return { load };
}

async function readIndex(handle: FileHandle, before: Cached | undefined): Promise<Cached> {
  const { ino: inode, size: bytes, mtimeMs: modified } = await handle.stat();
  if (before?.inode === inode && before.bytes === bytes && before.modified === modified) return before;
  const base = before?.inode === inode && (await continues(handle, before, bytes)) ? before.index : NO_INDEX;
  const text = await readExactly(handle, base.validBytes, bytes - base.validBytes);
  return { inode, bytes, modified, index: parseIndex(text, base) };
}

/** An inode number may be used again, so the header, whose generation only rises, must be the same too. */
async function continues(handle: FileHandle, before: Cached, bytes: number): Promise<boolean> {
  if (bytes < before.index.validBytes || before.index.validBytes === 0) return false;
  const head = await readExactly(handle, 0, Math.min(bytes, HEADER_MAX_BYTES));
  return head.subarray(0, head.indexOf(LF) + 1).equals(formatHeader(before.index));
}
