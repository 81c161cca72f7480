import type { Appended, AppendRequest } from '@spiderhub/core';
import type { Ground } from './roll.ts';
import type { Tending } from './tend.ts';
import { openSegmentWriter } from './writer.ts';

const REF = { key: { project: 1, spider: 1, job: 1 }, attempt: 1, stream: 'items' } as const;

/** A writer on an index that has the records before `end`, whatever it was told before. */
async function writerOn(index: { end: number }) {
  const asked: number[] = [];
  const append = async ({ first, pieces }: AppendRequest): Promise<Appended> => {
    if (first === undefined || first !== index.end) return null;
    const records = pieces.reduce((sum, { count }) => sum + count, 0);
    asked.push(records);
    index.end += records;
    return { first, ts: 1, tailBytes: 1, tailPieces: 1 };
  };
  const stats = async () => ({ end: index.end, parts: [] });
  const ground = { index: { append, stats, picture: async () => null } } as unknown as Ground;
  const tending = { added: async () => {} } as unknown as Tending;
  const tally = (line: Buffer) => ({ bytes: line.length, counts: [] });
  return {
    writer: await openSegmentWriter({ ground, tending, ref: REF, tally, sealedBytes: 1 }),
    asked,
  };
}

const record = () => Buffer.from('{}');

it('goes on behind what somebody else has added to its stream', async () => {
  const index = { end: 0 };
  const { writer } = await writerOn(index);
  writer.append([record(), record()]);
  await writer.flush();
  index.end += 3;
  writer.append([record()]);
  await writer.flush();
  expect(writer.end).toBe(6);
});

it('fails when records are gone that it was told are stored', async () => {
  const index = { end: 0 };
  const { writer } = await writerOn(index);
  writer.append([record(), record(), record()]);
  await writer.flush();
  // A server that crashed and does not wait for its disk, or a standby that took over too early.
  index.end = 1;
  writer.append([record()]);
  await expect(writer.flush()).rejects.toThrow('records 1 to 2 were stored and are gone');
});
