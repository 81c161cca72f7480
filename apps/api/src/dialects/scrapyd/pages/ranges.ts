/** Part of a file: both ends are inside of it. */
export interface ByteRange {
  first: number;
  last: number;
}

const RANGE = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/;

/**
 * What a Range header asks of a file of this size: a part, `'none'` for a part outside of it, or null for the whole
 * file. Several parts at once are answered with the whole file, as the protocol allows. (Express's `range-parser` 1.3
 * refuses the last 500 bytes of a shorter file and a part whose end comes first; Twisted sends the whole file.)
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'none' | null {
  const match = RANGE.exec(header ?? '');
  if (!match) return null;
  const [, from = '', to = ''] = match;
  if (from === '') return to === '' ? null : lastBytes(Number(to), size);
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return null;
  return first >= size ? 'none' : { first, last };
}

function lastBytes(count: number, size: number): ByteRange | 'none' {
  if (count === 0 || size === 0) return 'none';
  return { first: Math.max(0, size - count), last: size - 1 };
}

/** The bytes of a range out of a stream; ends the stream when it has them. */
export async function* cut(
  chunks: AsyncIterable<Buffer>,
  { first, last }: ByteRange,
): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, first - at), Math.max(0, last + 1 - at));
    at += chunk.length;
    if (part.length > 0) yield part;
    if (at > last) return;
  }
}

/** How many bytes a stream has. */
export async function sizeOf(chunks: AsyncIterable<Buffer>): Promise<number> {
  let size = 0;
  for await (const chunk of chunks) size += chunk.length;
  return size;
}
