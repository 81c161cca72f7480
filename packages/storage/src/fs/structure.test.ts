import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamRef } from '@spiderhub/core';
import fc from 'fast-check';
import { linesFrom, recordsOf } from '../contract/support.ts';
import { packRuns } from '../lines/packs.ts';
import { endOf, joinRun, type Run } from '../lines/runs.ts';
import {
  createIndexCache,
  formatCommit,
  formatHeader,
  type Member,
  memberAt,
  NO_INDEX,
  parseIndex,
} from './index-file.ts';
import { createFsStreamStore } from './stream-store.ts';

const REF: StreamRef = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'items' };

let root: string;
let dir: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'structure-'));
  dir = path.join(root, '1/2/3/1');
});
afterEach(() => rm(root, { recursive: true }));

function memberOf(first: number, count: number, offset = 0): Member {
  return { first, count, offset, length: 10, raw: 20, crc: 1, ts: [[first, first + 1]] };
}

async function filled(records: number): Promise<Member[]> {
  const writer = await createFsStreamStore({ root }).openWriter(REF);
  writer.append(linesFrom(0, records, 'q'.repeat(1000)));
  await writer.seal();
  return parseIndex(await readFile(path.join(dir, 'items.index.jl'))).members;
}

/** Makes the bytes of members unreadable. */
async function damage(members: readonly Member[]): Promise<void> {
  const file = path.join(dir, 'items.data-0.gz');
  const data = await readFile(file);
  for (const { offset, length } of members) data.fill(0xff, offset, offset + length);
  await writeFile(file, data);
}

describe('reading', () => {
  it('of one record touches no member but its own', async () => {
    const members = await filled(3000);
    const own = members[5] as Member;
    await damage(members.filter((member) => member !== own));
    const store = createFsStreamStore({ root });
    const last = endOf(own) - 1;
    expect(await recordsOf(store, REF, { from: last, to: last + 1 })).toEqual([
      [last, linesFrom(last, 1, 'q'.repeat(1000)).toString()],
    ]);
    await expect(recordsOf(store, REF, { from: last, to: last + 2 })).rejects.toThrow('damaged');
  });

  it('of a whole stream has one member in hand at a time', async () => {
    const members = await filled(3000);
    await damage(members.slice(-1));
    let seen = 0;
    const scan = async () => {
      for await (const { lines } of createFsStreamStore({ root }).read(REF)) seen += lines.length;
    };
    await expect(scan()).rejects.toThrow('damaged');
    expect(seen).toBe((members.at(-1) as Member).first);
  });

  it('of stats touches no member at all', async () => {
    const members = await filled(3000);
    await damage(members);
    expect(await createFsStreamStore({ root }).stats(REF)).toMatchObject({
      records: 3000,
      counts: { n: 3000 },
    });
  });
});

describe('writing', () => {
  it('keeps a short stream in one file', async () => {
    const writer = await createFsStreamStore({ root }).openWriter(REF);
    writer.append(linesFrom(0, 10));
    await writer.seal();
    expect(await readdir(dir)).toEqual(['items.tail-0-0.jl']);
  });

  it('makes no file for a stream without records', async () => {
    const writer = await createFsStreamStore({ root }).openWriter(REF);
    await writer.flush();
    await writer.seal();
    expect(await readdir(root)).toEqual([]);
  });

  it('loses nothing when a flush fails, and stores it once with the next', async () => {
    const writer = await createFsStreamStore({ root }).openWriter(REF);
    writer.append(linesFrom(0, 3));
    await writeFile(path.join(root, '1'), 'in the way');
    await expect(writer.flush()).rejects.toThrow();
    writer.append(linesFrom(3, 2));
    await rm(path.join(root, '1'));
    await writer.flush();
    expect((await recordsOf(createFsStreamStore({ root }), REF)).map(([, text]) => text)).toEqual(
      linesFrom(0, 5).map(String),
    );
    expect(writer.stats).toEqual(await createFsStreamStore({ root }).stats(REF));
  });

  it('does not fill the disk with what was overwritten', async () => {
    const store = createFsStreamStore({ root });
    // Digits that do not repeat, so that they stay large when they are compressed.
    const noise = (seed: number) =>
      Array.from({ length: 90_000 }, (_, i) => Math.sin(seed + i).toString(36)).join('');
    const batch = (seed: number) => [Buffer.from(JSON.stringify(noise(seed)))];
    for (let i = 0; i < 2; i += 1) await store.write(REF, batch(i), i);
    for (let i = 2; i < 20; i += 1) await store.write(REF, batch(i), 0);
    const sizes = await Promise.all(
      (await readdir(dir)).map(async (name) => (await stat(path.join(dir, name))).size),
    );
    const records = await recordsOf(store, REF);
    expect(records.map(([, text]) => text)).toEqual([batch(19), batch(1)].map(String));
    const written = 20 * (records[0]?.[1].length ?? 0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(written / 2);
    expect(await readdir(dir)).toHaveLength(3);
  });
});

describe('packRuns', () => {
  it('keeps all records in order in members that are full but not too large', () => {
    const gapAndSizes = fc.array(fc.tuple(fc.nat(1), fc.array(fc.nat(30), { minLength: 1, maxLength: 8 })), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(gapAndSizes, (batches) => {
        const runs: Run[] = [];
        let end = 0;
        for (const [gap, sizes] of batches) {
          runs.push(
            joinRun(
              end + gap,
              runs.length + 1,
              sizes.map((size) => Buffer.alloc(size, 'a')),
            ),
          );
          end += gap + sizes.length;
        }
        const packs = packRuns(runs, 40);
        expect(Buffer.concat(packs.flatMap(({ parts }) => parts))).toEqual(
          Buffer.concat(runs.map(({ bytes }) => bytes)),
        );
        const numbers = (pieces: readonly { first: number; count: number }[]) =>
          pieces.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
        expect(numbers(packs)).toEqual(numbers(runs));
        for (const { raw, count } of packs) expect(raw <= 40 || count === 1).toBe(true);
        for (const { first, ts } of packs) expect(ts[0]?.[0]).toBe(first);
      }),
    );
  });
});

describe('the index', () => {
  it('finds the member of a record as a search from the front does', () => {
    const members = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 4 })), { maxLength: 20 });
    fc.assert(
      fc.property(members, fc.nat(100), (gaps, record) => {
        let end = 0;
        const list = gaps.map(([gap, count]) => {
          const member = memberOf(end + gap, count);
          end += gap + count;
          return member;
        });
        const expected = list.findIndex((member) => endOf(member) > record);
        expect(memberAt({ ...NO_INDEX, members: list }, record)).toBe(
          expected === -1 ? list.length : expected,
        );
      }),
    );
  });

  it('is read from where the last reading ended, while the file only grows', async () => {
    const file = path.join(root, 'index');
    const header = formatHeader({ generation: 1, data: 0 });
    await writeFile(file, Buffer.concat([header, formatCommit(5, [memberOf(0, 5)])]));
    const cache = createIndexCache(1e6);
    const first = await cache.load(file);
    expect(await cache.load(file)).toBe(first);
    // What was read before is not read again: with other text in its place the old members remain.
    const content = await readFile(file);
    content.fill(0x20, header.length + 2, content.length - 2);
    await writeFile(file, Buffer.concat([content, formatCommit(9, [memberOf(5, 4)])]));
    const second = await cache.load(file);
    expect(second.members).toEqual([memberOf(0, 5), memberOf(5, 4)]);
    expect(second.end).toBe(9);
    expect(first.members).toHaveLength(1);
  });

  it('is read anew when it was replaced, also under the same inode number', async () => {
    const file = path.join(root, 'index');
    const content = (generation: number, members: Member[]) =>
      Buffer.concat([formatHeader({ generation, data: 0 }), formatCommit(9, members)]);
    await writeFile(file, content(1, [memberOf(0, 5)]));
    const cache = createIndexCache(1e6);
    await cache.load(file);
    await writeFile(file, content(2, [memberOf(0, 3), memberOf(3, 6)]));
    expect((await cache.load(file)).members).toEqual([memberOf(0, 3), memberOf(3, 6)]);
    await truncate(file, 0);
    expect((await cache.load(file)).members).toEqual([]);
    await rm(file);
    expect(await cache.load(file)).toBe(NO_INDEX);
  });

  it('is kept for as many streams as the limit allows, the latest ones', async () => {
    await mkdir(path.join(root, 'many'));
    const content = Buffer.concat([
      formatHeader({ generation: 0, data: 0 }),
      formatCommit(5, [memberOf(0, 5)]),
    ]);
    const files = [0, 1, 2].map((i) => path.join(root, 'many', String(i)));
    for (const file of files) await writeFile(file, content);
    const cache = createIndexCache(content.length * 2);
    const [a, b] = [await cache.load(files[0] as string), await cache.load(files[1] as string)];
    expect(await cache.load(files[0] as string)).toBe(a);
    await cache.load(files[2] as string);
    expect(await cache.load(files[0] as string)).toBe(a);
    expect(await cache.load(files[1] as string)).not.toBe(b);
  });
});
