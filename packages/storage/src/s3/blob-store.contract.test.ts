import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { S3Server } from '@spiderhub/testkit';
import { describeBlobStore } from '../contract/blob-contract.ts';
import { type Bucket, makeBucket, s3Servers } from '../contract/s3-place.ts';
import { createBlobCache } from './blob-cache.ts';
import { createS3BlobStore } from './blob-store.ts';

describe.each(s3Servers())('blobs on S3 (%s)', (_name, start) => {
  let server: S3Server;
  let root: string;
  let machines = 0;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'blob-cache-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  /** As another machine has it: with a cache of its own. */
  function storeOn({ objects }: Bucket, budgetBytes = 2 ** 30) {
    machines += 1;
    const cache = path.join(root, String(machines));
    return { cache, store: createS3BlobStore(objects, createBlobCache(cache, budgetBytes)) };
  }

  async function fileOf(content: Buffer): Promise<string> {
    const file = path.join(root, randomBytes(6).toString('hex'));
    await writeFile(file, content);
    return file;
  }

  describeBlobStore(async () => {
    const bucket = await makeBucket(server);
    return { open: () => storeOn(bucket).store, close: async () => {} };
  });

  it('asks S3 once for what a machine needs often', async () => {
    const bucket = await makeBucket(server);
    const { sha256 } = await storeOn(bucket).store.putFile(await fileOf(Buffer.from('egg')));
    const other = storeOn(bucket).store;
    await Promise.all(Array.from({ length: 5 }, () => other.localPath(sha256)));
    await other.localPath(sha256);
    expect(bucket.asked.GET).toBe(1);
  });

  it('keeps to its budget, without what was used lately', async () => {
    const bucket = await makeBucket(server);
    const { store } = storeOn(bucket, 250_000);
    const paths: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { sha256 } = await store.putFile(await fileOf(randomBytes(100_000)));
      paths.push(await store.localPath(sha256));
    }
    await expect(stat(paths[0] as string)).resolves.toBeDefined();
    for (const [i, each] of paths.entries()) {
      const longAgo = new Date(Date.now() - 3600_000 + i * 1000);
      await utimes(each, longAgo, longAgo);
    }
    await store.putFile(await fileOf(Buffer.alloc(100_000)));
    await expect(stat(paths[0] as string)).rejects.toThrow();
    await expect(stat(paths[1] as string)).rejects.toThrow();
    await expect(stat(paths[2] as string)).resolves.toBeDefined();
  });

  it('hands out no file whose object was damaged', async () => {
    const bucket = await makeBucket(server);
    const { sha256 } = await storeOn(bucket).store.putFile(await fileOf(Buffer.from('whole')));
    await bucket.objects.put(`blobs/${sha256}`, Buffer.from('holed'));
    await expect(storeOn(bucket).store.localPath(sha256)).rejects.toThrow('damaged');
  });

  it('stores large files in parts', async () => {
    const bucket = await makeBucket(server);
    const source = await fileOf(randomBytes(70 * 2 ** 20));
    const { sha256, sizeBytes } = await storeOn(bucket).store.putFile(source);
    expect(sizeBytes).toBe(70 * 2 ** 20);
    expect(bucket.asked.PUT).toBe(5);
    const copy = await storeOn(bucket).store.localPath(sha256);
    expect(
      createHash('sha256')
        .update(await readFile(copy))
        .digest('hex'),
    ).toBe(sha256);
  });
});
