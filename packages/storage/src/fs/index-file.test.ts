import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createIndexCache,
  fitToData,
  formatCommit,
  formatHeader,
  type Member,
  memberAt,
  NO_INDEX,
  parseIndex,
} from './index-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'spiderhub-index-'));
});
afterAll(() => rm(folder, { recursive: true }));

const HEADER = formatHeader({ generation: 3, data: 2 });

/** A member of ten records and a hundred bytes. */
function member(first: number, ts = first): Member {
  return { first, count: 10, offset: 100 + first * 10, length: 100, raw: 300, crc: 1, ts: [[first, ts]] };
}

function commits(count: number): Buffer {
  return Buffer.concat([
    HEADER,
    ...Array.from({ length: count }, (_, n) => formatCommit(10 * n + 10, [member(10 * n)])),
  ]);
}

it('reads what was committed, and nothing of what was not', () => {
  const whole = commits(3);
  expect(parseIndex(whole)).toMatchObject({
    generation: 3,
    data: 2,
    end: 30,
    lastTs: 20,
    validBytes: whole.length,
  });
  const lengths = [HEADER.length, commits(1).length, commits(2).length, whole.length];
  for (let bytes = 0; bytes <= whole.length; bytes += 1) {
    const index = parseIndex(whole.subarray(0, bytes));
    const done = lengths.findLastIndex((length) => length <= bytes);
    expect([bytes, index.members.length]).toEqual([bytes, Math.max(done, 0)]);
    expect(index.validBytes).toBe(lengths[done] ?? 0);
  }
});

it('goes on from what was read before', () => {
  const [before, whole] = [commits(2), commits(5)];
  const base = parseIndex(before);
  expect(parseIndex(whole.subarray(base.validBytes), base)).toEqual(parseIndex(whole));
});

it('a commit may have several members, or none but another end', () => {
  const index = parseIndex(
    Buffer.concat([HEADER, formatCommit(20, [member(0), member(10)]), formatCommit(25, [])]),
  );
  expect(index).toMatchObject({ end: 25, dataEnd: 300 });
  expect(index.members).toHaveLength(2);
});

it('finds the member of a record', () => {
  const index = parseIndex(Buffer.concat([HEADER, formatCommit(40, [member(0), member(10), member(30)])]));
  expect([0, 9, 10, 19, 20, 29, 30, 39, 40].map((record) => memberAt(index, record))).toEqual([
    0, 0, 1, 1, 2, 2, 2, 2, 3,
  ]);
  expect(memberAt(NO_INDEX, 0)).toBe(0);
});

it('forgets members whose bytes are gone, and what came after them', () => {
  const index = parseIndex(commits(4));
  expect(fitToData(index, index.dataEnd)).toBe(index);
  for (const [bytes, members] of [
    [499, 3],
    [400, 3],
    [399, 2],
    [200, 1],
    [199, 0],
    [0, 0],
  ] as const) {
    const kept = fitToData(index, bytes);
    expect([bytes, kept.members.length, kept.end]).toEqual([bytes, members, 10 * members]);
    expect(kept.validBytes).toBe(index.validBytes);
  }
});

describe('a cache of indexes', () => {
  it('sees what was added, cut off or replaced', async () => {
    const file = path.join(folder, 'one');
    const cache = createIndexCache(1e6);
    expect(await cache.load(file)).toBe(NO_INDEX);
    await writeFile(file, commits(1));
    expect((await cache.load(file)).end).toBe(10);
    await writeFile(file, formatCommit(20, [member(10)]), { flag: 'a' });
    const two = await cache.load(file);
    expect(two.end).toBe(20);
    expect(await cache.load(file)).toBe(two);
    await truncate(file, commits(1).length);
    expect((await cache.load(file)).end).toBe(10);
    await writeFile(
      `${file}.new`,
      Buffer.concat([formatHeader({ generation: 4, data: 3 }), formatCommit(7, [])]),
    );
    await rename(`${file}.new`, file);
    expect(await cache.load(file)).toMatchObject({ generation: 4, data: 3, end: 7, members: [] });
    await rm(file);
    expect(await cache.load(file)).toBe(NO_INDEX);
  });

  it('reads anew what was written over in place', async () => {
    const file = path.join(folder, 'two');
    const cache = createIndexCache(1e6);
    await writeFile(file, commits(1));
    await cache.load(file);
    await writeFile(
      file,
      Buffer.concat([formatHeader({ generation: 9, data: 9 }), formatCommit(30, [member(0)])]),
    );
    expect(await cache.load(file)).toMatchObject({ generation: 9, end: 30 });
  });
});
