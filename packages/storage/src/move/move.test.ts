import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamRef } from '@spiderhub/core';
import { createSegmentIndex } from '@spiderhub/db';
import { createTestDatabase, type S3Server, startMoto, type TestDatabase } from '@spiderhub/testkit';
import { makeBucket } from '../contract/s3-place.ts';
import { batchesOf, linesFrom, numbered, REF, recordsOf } from '../contract/support.ts';
import { filesBelow, openStorage, type Storage } from '../open-storage.ts';
import { moveAll } from './move.ts';

let server: S3Server;
let postgres: TestDatabase;
let root: string;
let url: string;
beforeAll(async () => {
  server = await startMoto();
});
afterAll(() => server.close());
beforeEach(async () => {
  postgres = await createTestDatabase();
  root = await mkdtemp(path.join(tmpdir(), 'move-'));
  const { bucket } = await makeBucket(server);
  url = `s3://${bucket}/moved?endpoint=${server.endpoint}`;
});
afterEach(async () => {
  await postgres.close();
  await rm(root, { recursive: true });
});

function inBucket(at = url, home = root): Storage {
  const settings = { SPIDERHUB_HOME: home, STORAGE_URL: at, CACHE_BYTES: 2 ** 30, GARBAGE_HOURS: 1 };
  return openStorage({ ...settings, ...server.keys }, { index: createSegmentIndex(postgres.database) });
}

const SMALL: StreamRef = { ...REF, key: { ...REF.key, job: 4 }, stream: 'logs' };
const ASIDE: StreamRef = { ...REF, key: { ...REF.key, job: 5 }, attempt: 2 };
const noMore = () => {};

async function fill({ streams, blobs }: Storage): Promise<string> {
  for (let at = 0; at < 60; at += 1)
    await streams.write(REF, linesFrom(at * 200, 200, String(Math.sin(at)).repeat(10)), at * 200);
  await streams.write(REF, linesFrom(13_000, 5), 13_000);
  for (let at = 0; at < 3; at += 1) await streams.write(SMALL, linesFrom(at, 1));
  await streams.write(ASIDE, linesFrom(0, 7));
  await streams.setAside(ASIDE.key);
  const file = path.join(root, 'egg');
  await writeFile(file, 'egg');
  return (await blobs.putFile(file)).sha256;
}

async function expectSame(one: Storage, other: Storage): Promise<void> {
  for (const ref of [REF, SMALL]) {
    const shape = async ({ streams }: Storage) =>
      (await batchesOf(streams, ref)).flatMap(({ first, ts, lines }) =>
        lines.map((line, i) => [first + i, ts, String(line)]),
      );
    expect(await shape(other)).toEqual(await shape(one));
    expect(await other.streams.stats(ref)).toEqual(await one.streams.stats(ref));
  }
}

it('brings everything from files into a bucket and back, with numbers and arrivals', async () => {
  const [files, bucket, back] = [
    filesBelow(path.join(root, 'a')),
    inBucket(),
    filesBelow(path.join(root, 'b')),
  ];
  const sha256 = await fill(files);
  expect(await moveAll(files.movable, bucket.movable, noMore)).toEqual({ streams: 3, blobs: 1, known: 0 });
  await expectSame(files, bucket);
  await bucket.blobs.localPath(sha256);
  expect(await moveAll(files.movable, bucket.movable, noMore)).toEqual({ streams: 0, blobs: 0, known: 4 });
  expect(await moveAll(bucket.movable, back.movable, noMore)).toEqual({ streams: 3, blobs: 1, known: 0 });
  await expectSame(files, back);
  for (const { streams } of [files, bucket, back]) {
    expect((await streams.stats(ASIDE)).end).toBe(0);
    await streams.bringBack(ASIDE.key);
    expect(await recordsOf(streams, ASIDE)).toEqual(numbered(0, linesFrom(0, 7)));
  }
});

it('goes on where it was broken off, and does not mix strangers', async () => {
  const [files, bucket] = [filesBelow(path.join(root, 'a')), inBucket()];
  await fill(files);
  const brokenOff = {
    ...bucket.movable,
    async take(ref: StreamRef) {
      const all = files.streams.read(ref, { to: ref.key.job === REF.key.job ? 5000 : 2 });
      await bucket.movable.take(ref, all);
      throw new Error('killed');
    },
  };
  await expect(moveAll(files.movable, brokenOff, noMore)).rejects.toThrow('killed');
  expect((await bucket.streams.stats(REF)).end).toBe(5000);
  await moveAll(files.movable, bucket.movable, noMore);
  await expectSame(files, bucket);

  const other = { ...REF, key: { ...REF.key, job: 77 } };
  await files.streams.write(other, linesFrom(0, 3));
  await bucket.streams.write(other, linesFrom(1, 2));
  await expect(moveAll(files.movable, bucket.movable, noMore)).rejects.toThrow(
    '1/2/77/1/items: another stream',
  );
});

it('brings what came since an earlier move, also behind an end that was moved', async () => {
  const [files, bucket] = [filesBelow(path.join(root, 'a')), inBucket()];
  await fill(files);
  await moveAll(files.movable, bucket.movable, noMore);
  await files.streams.write(SMALL, linesFrom(3, 2));
  await files.streams.write(REF, linesFrom(14_000, 2), 14_000);
  expect(await moveAll(files.movable, bucket.movable, noMore)).toEqual({ streams: 2, blobs: 0, known: 2 });
  await expectSame(files, bucket);
});

it('goes into another bucket than the one from which everything was moved away', async () => {
  const [files, bucket] = [filesBelow(path.join(root, 'a')), inBucket()];
  const sha256 = await fill(files);
  await moveAll(files.movable, bucket.movable, noMore);
  const { bucket: name } = await makeBucket(server);
  const next = `s3://${name}?endpoint=${server.endpoint}`;
  await moveAll(files.movable, inBucket(next).movable, noMore);
  // Another machine has nothing in its cache.
  const elsewhere = inBucket(next, path.join(root, 'elsewhere'));
  await expectSame(files, elsewhere);
  expect(await readFile(await elsewhere.blobs.localPath(sha256), 'utf8')).toBe('egg');
});
