/// <reference types="jest" />
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { BlobStore, ReadRange, RecordBatch, StreamRef, StreamStore } from '@spiderhub/core';

/** A place for streams or blobs that several store objects, as if of several processes, share. */
export interface Place<T> {
  /** Another store over the same content, with nothing in common but that content. */
  open(): T;
  close(): Promise<void>;
}

const REF: StreamRef = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'items' };

/** Texts that a parser would change. */
const DELICATE = [
  '{"a":NaN,"b":-Infinity,"c":9007199254740993,"d":1.0,"e":1e400}',
  '{"lone":"\\ud800","pair":"\\ud83d\\ude00","raw":"żółw 🐢","sep":"\u2028"}',
  '{"x":1,"x":2}',
  '{"__proto__":{"polluted":true},"constructor":1}',
  '{ "spaced" : [ 1 , 2 ] }',
  '[1476803148638,1,2,3]',
  '#1700000000000 0 5 100',
  '#{"records":9}',
  '',
  '"\\u0000"',
];

export function linesFrom(first: number, count: number, pad = ''): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(`{"n":${first + i},"pad":"${pad}"}`));
}

async function batchesOf(store: StreamStore, ref: StreamRef, range?: ReadRange): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of store.read(ref, range)) batches.push(batch);
  return batches;
}

/** Number and text of each record in the order in which they are read. */
export async function recordsOf(
  store: StreamStore,
  ref: StreamRef,
  range?: ReadRange,
): Promise<[number, string][]> {
  const batches = await batchesOf(store, ref, range);
  return batches.flatMap(({ first, lines }) =>
    lines.map((line, i): [number, string] => [first + i, line.toString('latin1')]),
  );
}

export async function gunzipped(store: StreamStore, ref: StreamRef): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.readGzip(ref)) chunks.push(chunk);
  return gunzipSync(Buffer.concat(chunks)).toString('latin1');
}

function numbered(first: number, lines: readonly Buffer[]): [number, string][] {
  return lines.map((line, i) => [first + i, line.toString('latin1')]);
}

/** What every stream store guarantees. A driver is finished when this is green. */
export function describeStreamStore(make: () => Promise<Place<StreamStore>>): void {
  let place: Place<StreamStore>;
  let store: StreamStore;

  beforeEach(async () => {
    place = await make();
    store = place.open();
  });
  afterEach(() => place.close());

  async function stored(ref: StreamRef, lines: Buffer[], start?: number): Promise<void> {
    await store.write(ref, lines, start);
  }

  describe('reading', () => {
    it('gives nothing for a stream that does not exist', async () => {
      expect(await batchesOf(store, REF)).toEqual([]);
      expect(await store.stats(REF)).toEqual({ end: 0, records: 0, bytes: 0, counts: {} });
      expect(await gunzipped(store, REF)).toBe('');
    });

    it('gives back the bytes that came in, whatever they are', async () => {
      const lines = DELICATE.map((text) => Buffer.from(text));
      await stored(REF, lines);
      expect(await recordsOf(store, REF)).toEqual(numbered(0, lines));
    });

    it('gives back bytes that are not UTF-8, and those of compressed records', async () => {
      const lines = [
        Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]),
        ...DELICATE.map((text) => Buffer.from(text)),
      ];
      const writer = await store.openWriter(REF);
      for (let round = 0; round < 300; round += 1)
        writer.append([...lines, ...linesFrom(0, 10, 'x'.repeat(100))]);
      await writer.seal();
      expect(await recordsOf(place.open(), REF, { to: lines.length })).toEqual(numbered(0, lines));
    });

    it('gives exactly the records of a range', async () => {
      const lines = linesFrom(0, 9000, 'y'.repeat(60));
      for (let at = 0; at < lines.length; at += 1500) await stored(REF, lines.slice(at, at + 1500));
      const all = numbered(0, lines);
      for (const [from, to] of [
        [0, 1],
        [1499, 1501],
        [2500, 2501],
        [0, 9000],
        [8999, 20_000],
        [4000, 8000],
        [9000, 9001],
      ] as const) {
        expect(await recordsOf(store, REF, { from, to })).toEqual(all.slice(from, to));
      }
      expect(await recordsOf(store, REF, { from: 8990 })).toEqual(all.slice(8990));
    });

    it('stops early without a trace when the reader leaves', async () => {
      for (let i = 0; i < 4; i += 1) await stored(REF, linesFrom(i * 1000, 1000, 'z'.repeat(500)));
      for await (const batch of store.read(REF)) {
        expect(batch.first).toBe(0);
        break;
      }
      expect((await recordsOf(store, REF)).length).toBe(4000);
    });

    it('gives a whole stream as one gzip stream that equals its lines', async () => {
      const lines = linesFrom(0, 5000, 'w'.repeat(200));
      for (let at = 0; at < lines.length; at += 700) await stored(REF, lines.slice(at, at + 700));
      expect(await gunzipped(store, REF)).toBe(lines.map((line) => `${line.toString('latin1')}\n`).join(''));
    });

    it('keeps streams, attempts and jobs apart', async () => {
      const others: StreamRef[] = [
        { ...REF, stream: 'logs' },
        { ...REF, attempt: 2 },
        { ...REF, key: { ...REF.key, job: 4 } },
      ];
      await stored(REF, [Buffer.from('{"mine":1}')]);
      for (const [i, other] of others.entries()) await stored(other, [Buffer.from(`{"other":${i}}`)]);
      expect(await recordsOf(store, REF)).toEqual([[0, '{"mine":1}']]);
      for (const [i, other] of others.entries())
        expect(await recordsOf(store, other)).toEqual([[0, `{"other":${i}}`]]);
    });

    it.each([-1, 1.5, Number.NaN])('refuses %p as part of a key', async (job) => {
      await expect(store.stats({ ...REF, key: { ...REF.key, job } })).rejects.toThrow();
    });
  });

  describe('the writer of a crawl', () => {
    it('shows what was flushed to other processes at once, and nothing before', async () => {
      const other = place.open();
      const writer = await store.openWriter(REF);
      writer.append(linesFrom(0, 3));
      expect(await recordsOf(other, REF)).toEqual([]);
      await writer.flush();
      expect(await recordsOf(other, REF)).toEqual(numbered(0, linesFrom(0, 3)));
      expect((await other.stats(REF)).end).toBe(3);
    });

    it('counts at once what is appended', async () => {
      const writer = await store.openWriter(REF);
      writer.append(linesFrom(0, 3));
      expect(writer.end).toBe(3);
      expect(writer.stats).toMatchObject({ end: 3, records: 3, counts: { n: 3, pad: 3 } });
    });

    it('continues where the last writer stopped, flushed or sealed, with its stats', async () => {
      const first = await store.openWriter(REF);
      first.append(linesFrom(0, 2000, 'a'.repeat(300)));
      await first.flush();
      const second = await place.open().openWriter(REF);
      expect(second.end).toBe(2000);
      expect(second.stats).toEqual(first.stats);
      second.append(linesFrom(2000, 10));
      await second.seal();
      const third = await place.open().openWriter(REF);
      expect(third.end).toBe(2010);
      third.append(linesFrom(2010, 1));
      await third.seal();
      expect(await recordsOf(store, REF, { from: 1999 })).toEqual(
        numbered(1999, [...linesFrom(1999, 1, 'a'.repeat(300)), ...linesFrom(2000, 11)]),
      );
      expect((await store.stats(REF)).records).toBe(2011);
    });

    it('takes records while it flushes', async () => {
      const writer = await store.openWriter(REF);
      const flushes: Promise<void>[] = [];
      for (let i = 0; i < 50; i += 1) {
        writer.append(linesFrom(i * 100, 100, 'b'.repeat(100)));
        flushes.push(writer.flush());
      }
      await Promise.all(flushes);
      await writer.seal();
      expect(await recordsOf(store, REF)).toEqual(numbered(0, linesFrom(0, 5000, 'b'.repeat(100))));
      expect(writer.stats).toEqual(await store.stats(REF));
    });

    it('shares the stream with batches from elsewhere', async () => {
      const writer = await store.openWriter(REF);
      writer.append([Buffer.from('{"crawl":1}')]);
      await writer.flush();
      await place.open().write(REF, [Buffer.from('{"client":1}')]);
      writer.append([Buffer.from('{"crawl":2}')]);
      await writer.flush();
      expect((await recordsOf(store, REF)).map(([, text]) => text)).toEqual([
        '{"crawl":1}',
        '{"client":1}',
        '{"crawl":2}',
      ]);
      expect(writer.end).toBe(3);
      expect(writer.stats.counts).toEqual({ crawl: 2, client: 1 });
    });

    it('shows readers at any time a beginning of the stream that only grows', async () => {
      const writer = await store.openWriter(REF);
      let isDone = false;
      const writing = (async () => {
        for (let i = 0; i < 60; i += 1) {
          writer.append(linesFrom(i * 50, 50, 'h'.repeat(700)));
          await writer.flush();
        }
        await writer.seal();
        isDone = true;
      })();
      for (let seen = 0; !isDone; ) {
        const records = await recordsOf(place.open(), REF);
        expect(records).toEqual(numbered(0, linesFrom(0, records.length, 'h'.repeat(700))));
        expect(records.length).toBeGreaterThanOrEqual(seen);
        expect((await gunzipped(place.open(), REF)).split('\n').length).toBeGreaterThan(records.length);
        expect((await place.open().stats(REF)).records).toBeGreaterThanOrEqual(records.length);
        seen = records.length;
      }
      await writing;
      expect((await recordsOf(store, REF)).length).toBe(3000);
    });

    it('takes no more once it is sealed', async () => {
      const writer = await store.openWriter(REF);
      await writer.seal();
      expect(() => writer.append(linesFrom(0, 1))).toThrow();
    });

    it('refuses a record with a line end, and keeps the others', async () => {
      const writer = await store.openWriter(REF);
      writer.append(linesFrom(0, 1));
      expect(() => writer.append([Buffer.from('{"a":1}\n{"b":2}')])).toThrow();
      await writer.flush();
      expect(await recordsOf(store, REF)).toEqual(numbered(0, linesFrom(0, 1)));
    });
  });

  describe('batches', () => {
    it('have one arrival time each, and all different, also from several stores', async () => {
      const stores = [store, place.open()];
      for (let i = 0; i < 12; i += 1) await (stores[i % 2] as StreamStore).write(REF, linesFrom(i * 2, 2));
      const times = (await batchesOf(store, REF)).map(({ ts }) => ts);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times).toHaveLength(12);
    });

    it('go to the end without a start, and tell where that was', async () => {
      expect(await store.write(REF, linesFrom(0, 2))).toEqual({ first: 0 });
      expect(await place.open().write(REF, linesFrom(2, 2))).toEqual({ first: 2 });
      expect(await store.write(REF, [])).toEqual({ first: 4 });
    });

    it.each([
      ['small', ''],
      ['large', 'c'.repeat(900)],
    ])('that are repeated are stored once (%s records)', async (_name, pad) => {
      for (const start of [0, 500, 500, 0, 1000, 500, 1000])
        await stored(REF, linesFrom(start, 500, pad), start);
      expect(await recordsOf(store, REF)).toEqual(numbered(0, linesFrom(0, 1500, pad)));
      expect(await store.stats(REF)).toMatchObject({ end: 1500, records: 1500, counts: { n: 1500 } });
    });

    it.each([
      ['small', ''],
      ['large', 'd'.repeat(900)],
    ])('overwrite exactly their records (%s records)', async (_name, pad) => {
      await stored(REF, linesFrom(0, 2000, pad), 0);
      await stored(REF, linesFrom(2000, 10, pad));
      const expected = numbered(0, linesFrom(0, 2010, pad));
      for (const [start, count] of [
        [0, 1],
        [700, 600],
        [1999, 3],
        [2005, 20],
        [2020, 5],
      ] as const) {
        const lines = Array.from({ length: count }, (_, i) => Buffer.from(`{"over":${start + i}}`));
        await stored(REF, lines, start);
        expected.splice(start, count, ...numbered(start, lines));
      }
      expect(await recordsOf(store, REF)).toEqual(expected);
      expect(await recordsOf(place.open(), REF, { from: 690, to: 1310 })).toEqual(expected.slice(690, 1310));
      expect(await store.stats(REF)).toMatchObject({
        end: 2025,
        records: 2025,
        counts: { over: 624, n: 1401 },
      });
    });

    it('may leave a gap and fill it later', async () => {
      await stored(REF, linesFrom(0, 2, 'e'.repeat(200_000)), 0);
      await stored(REF, linesFrom(10, 2, 'e'.repeat(200_000)), 10);
      await stored(REF, linesFrom(20, 2), 20);
      expect((await recordsOf(store, REF)).map(([n]) => n)).toEqual([0, 1, 10, 11, 20, 21]);
      expect(await store.stats(REF)).toMatchObject({ end: 22, records: 6 });
      expect((await recordsOf(store, REF, { from: 3, to: 11 })).map(([n]) => n)).toEqual([10]);
      await stored(REF, linesFrom(4, 3), 4);
      await stored(REF, linesFrom(15, 2), 15);
      await stored(REF, linesFrom(17, 3), 17);
      expect((await recordsOf(store, REF)).map(([n]) => n)).toEqual([
        0, 1, 4, 5, 6, 10, 11, 15, 16, 17, 18, 19, 20, 21,
      ]);
      expect((await store.stats(REF)).records).toBe(14);
    });

    it('that overwrite never show readers a mixture', async () => {
      const versions = ['0', '1'].map((v) =>
        Array.from({ length: 800 }, (_, i) => Buffer.from(`{"v":${v},"i":${i},"pad":"${'p'.repeat(900)}"}`)),
      );
      await stored(REF, versions[0] as Buffer[], 0);
      let isDone = false;
      const writing = (async () => {
        for (let round = 1; round <= 12; round += 1) await stored(REF, versions[round % 2] as Buffer[], 0);
      })().finally(() => {
        isDone = true;
      });
      while (!isDone) {
        const texts = (await recordsOf(place.open(), REF)).map(([, text]) => text.slice(0, 6));
        expect(texts).toHaveLength(800);
        expect(new Set(texts).size).toBe(1);
      }
      await writing;
    });

    it('from many callers at once all arrive, each as it was', async () => {
      const stores = [store, place.open(), place.open()];
      const writes = Array.from({ length: 30 }, (_, i) =>
        (stores[i % 3] as StreamStore).write(
          REF,
          Array.from({ length: 20 }, (_, k) => Buffer.from(`{"b":${i},"k":${k}}`)),
        ),
      );
      const firsts = (await Promise.all(writes)).map(({ first }) => first);
      const records = await recordsOf(store, REF);
      expect(records.map(([n]) => n)).toEqual(Array.from({ length: 600 }, (_, n) => n));
      for (const [i, first] of firsts.entries()) {
        expect(records.slice(first, first + 20).map(([, text]) => text)).toEqual(
          Array.from({ length: 20 }, (_, k) => `{"b":${i},"k":${k}}`),
        );
      }
    });

    it('may hold records of 1 MiB', async () => {
      const lines = linesFrom(0, 8, 'f'.repeat(1024 * 1024 - 30));
      await stored(REF, lines, 0);
      expect(await recordsOf(store, REF, { from: 5, to: 6 })).toEqual(numbered(5, lines.slice(5, 6)));
      expect((await recordsOf(store, REF)).length).toBe(8);
    });

    it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuse %p as a start', async (start) => {
      await expect(store.write(REF, linesFrom(0, 1), start)).rejects.toMatchObject({ kind: 'invalid' });
    });
  });

  describe('a job', () => {
    it('is removed with all its attempts and nothing else', async () => {
      const refs: StreamRef[] = [REF, { ...REF, attempt: 2 }, { ...REF, stream: 'logs' }];
      const neighbour: StreamRef = { ...REF, key: { ...REF.key, job: 33 } };
      for (const ref of [...refs, neighbour]) await stored(ref, linesFrom(0, 3, 'g'.repeat(200_000)));
      await store.removeJob(REF.key);
      await store.removeJob(REF.key);
      for (const ref of refs) expect((await place.open().stats(ref)).end).toBe(0);
      expect((await store.stats(neighbour)).end).toBe(3);
      await stored(REF, linesFrom(0, 1));
      expect(await recordsOf(store, REF)).toEqual(numbered(0, linesFrom(0, 1)));
    });

    it('reads as if it had no streams while it is set aside, and comes back whole', async () => {
      const refs: StreamRef[] = [REF, { ...REF, attempt: 2, stream: 'logs' }];
      const lines = linesFrom(0, 3, 'h'.repeat(200_000));
      for (const ref of refs) await stored(ref, lines);
      for (let i = 0; i < 2; i++) {
        await store.setAside(REF.key);
        for (const ref of refs) expect((await place.open().stats(ref)).end).toBe(0);
        // Somebody who has not heard of it yet.
        await stored(REF, linesFrom(0, 1));
        expect((await store.stats(REF)).end).toBe(1);
      }
      await store.bringBack(REF.key);
      await store.bringBack(REF.key);
      for (const ref of refs) expect(await recordsOf(place.open(), ref)).toEqual(numbered(0, lines));
      await stored(REF, linesFrom(3, 1));
      expect((await place.open().stats(REF)).end).toBe(4);
    });

    it('can be written to again once it is back, whoever was writing when it was set aside', async () => {
      await stored(REF, linesFrom(0, 3, 'k'.repeat(100_000)));
      const writes = Array.from({ length: 20 }, () => store.write(REF, linesFrom(0, 1)).catch(() => null));
      await store.setAside(REF.key);
      await Promise.all(writes);
      await store.bringBack(REF.key);
      const { end } = await store.stats(REF);
      expect(end).toBeGreaterThanOrEqual(3);
      expect(await place.open().write(REF, linesFrom(end, 1))).toEqual({ first: end });
    });

    it('is removed with what was set aside', async () => {
      await stored(REF, linesFrom(0, 3));
      await store.setAside(REF.key);
      await stored(REF, linesFrom(0, 1));
      await store.removeJob(REF.key);
      await store.bringBack(REF.key);
      expect((await store.stats(REF)).end).toBe(0);
      expect(await store.sizeOfProject(REF.key.project)).toBe(0);
    });

    it('counts for what its project takes, set aside or not', async () => {
      await stored(REF, linesFrom(0, 3, 'i'.repeat(200_000)));
      await stored({ ...REF, key: { project: 11, spider: 1, job: 1 } }, linesFrom(0, 1));
      const before = await store.sizeOfProject(REF.key.project);
      expect(before).toBeGreaterThan(0);
      await store.setAside(REF.key);
      expect(await place.open().sizeOfProject(REF.key.project)).toBe(before);
      expect(await store.sizeOfProject(12)).toBe(0);
    });
  });
}

/** What every blob store guarantees. */
export function describeBlobStore(make: () => Promise<Place<BlobStore>>): void {
  let place: Place<BlobStore>;
  let dir: string;

  beforeEach(async () => {
    place = await make();
    dir = await mkdtemp(path.join(tmpdir(), 'blob-source-'));
  });
  afterEach(async () => {
    await place.close();
    await rm(dir, { recursive: true });
  });

  async function put(content: Buffer): Promise<{ sha256: string; sizeBytes: number }> {
    const source = path.join(dir, 'source');
    await writeFile(source, content);
    return place.open().putFile(source);
  }

  async function contentOf(sha256: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await place.open().open(sha256)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  it('keeps a file under the hash of its content', async () => {
    const content = Buffer.alloc(300_000, 'egg');
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await put(content)).toEqual({ sha256, sizeBytes: 300_000 });
    expect(await contentOf(sha256)).toEqual(content);
  });

  it('takes the same file twice, also at once', async () => {
    const content = Buffer.from('same');
    const [first, second] = await Promise.all([put(content), put(content)]);
    expect(first).toEqual(second);
    expect(await contentOf((await put(content)).sha256)).toEqual(content);
  });

  it('says not_found for what it does not have or removed', async () => {
    const { sha256 } = await put(Buffer.from('gone'));
    await place.open().remove(sha256);
    await place.open().remove(sha256);
    await expect(place.open().open(sha256)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(place.open().localPath(sha256)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('tells the name before the blob is there, and stores nothing when that fails', async () => {
    const source = path.join(dir, 'source');
    await writeFile(source, 'told');
    const store = place.open();
    const seen: string[] = [];
    const refuse = async ({ sha256 }: { sha256: string }) => {
      seen.push(sha256);
      await expect(store.localPath(sha256)).rejects.toMatchObject({ kind: 'not_found' });
      throw new Error('not now');
    };
    await expect(store.putFile(source, refuse)).rejects.toThrow('not now');
    await expect(store.localPath(seen[0] as string)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('lists what it has', async () => {
    const blobs = [await put(Buffer.from('one')), await put(Buffer.from('three'))];
    const found: unknown[] = [];
    for await (const blob of place.open().list()) found.push(blob);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining(blobs));
  });

  it.each(['', '..', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(63)}/`])(
    'refuses %p as a hash',
    async (sha256) => {
      await expect(place.open().open(sha256)).rejects.toMatchObject({ kind: 'invalid' });
    },
  );

  it('leaves nothing behind when the source cannot be read', async () => {
    await expect(place.open().putFile(path.join(dir, 'missing'))).rejects.toThrow();
  });
}
