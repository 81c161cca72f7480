import type { ReadRange, StreamRef, StreamStore } from '@spiderhub/core';

export const REF: StreamRef = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'items' };

/** For tests of what is made of records: a stream store that holds these lines in batches of so many, one second each. */
export function streamsOf(
  lines: readonly string[],
  batch = 2,
  counts: Record<string, number> = {},
): StreamStore {
  async function* read(_ref: StreamRef, { from = 0, to = lines.length }: Partial<ReadRange> = {}) {
    const end = Math.min(to, lines.length);
    for (let first = Math.max(0, from); first < end; ) {
      const last = Math.min(end, first - (first % batch) + batch);
      yield {
        first,
        ts: Math.floor(first / batch) * 1000,
        lines: lines.slice(first, last).map((line) => Buffer.from(line)),
      };
      first = last;
    }
  }
  const stats = async () => ({ records: lines.length, end: lines.length, counts });
  return { read, stats } as unknown as StreamStore;
}

/** Everything that comes, as one text. */
export async function textOf(pieces: AsyncIterable<string | Buffer>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece.toString();
  return text;
}
