import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, inflateRaw } from 'node:zlib';
import { joinCrc } from './crc.ts';

const deflate = promisify<Buffer, object, Buffer>(deflateRaw);
const inflate = promisify<Buffer, object, Buffer>(inflateRaw);

/** Beyond this level storage shrinks by a few per cent and the time doubles. */
const LEVEL = 1;

/** No name, no time, unknown system. */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/** An empty last block, in raw deflate. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** What the trailer of a gzip stream needs to know about the segments that were sent. */
export interface GzipSum {
  crc: number;
  /** Bytes before compression. */
  raw: number;
}

/**
 * Compresses to a segment: deflate blocks that refer to nothing before them and do not end the stream. So each can
 * be read alone, and any row of them is one gzip stream once header and trailer stand around it. (Whole gzip members
 * in a row would be simpler, but curl and browsers stop behind the first.)
 */
export async function deflateSegment(raw: Buffer): Promise<{ body: Buffer; crc: number }> {
  const body = await deflate(raw, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
  return { body, crc: crc32(raw) };
}

/** Undoes `deflateSegment`; throws when the bytes are not those that went in. */
export async function inflateSegment(body: Buffer, expected: GzipSum): Promise<Buffer> {
  const limits = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(expected.raw, 1) };
  const raw = await inflate(body, limits).catch((cause: unknown) => {
    throw new Error('stored segment is damaged', { cause });
  });
  if (raw.length !== expected.raw || crc32(raw) !== expected.crc)
    throw new Error('stored segment is damaged');
  return raw;
}

/** Adds a segment to the sum of those before it. */
export function addToSum(sum: GzipSum, segment: GzipSum): GzipSum {
  return { crc: joinCrc(sum.crc, segment.crc, segment.raw), raw: sum.raw + segment.raw };
}

/** Ends the gzip stream whose segments have this sum. */
export function gzipTrailer(sum: GzipSum): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(sum.crc, 0);
  numbers.writeUInt32LE(sum.raw % 2 ** 32, 4);
  return Buffer.concat([LAST_BLOCK, numbers]);
}
