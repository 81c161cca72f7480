import { createSegmentIndex } from '@spiderhub/db';
import { createTestDatabase, type S3Server } from '@spiderhub/testkit';
import { makeBucket, s3Servers } from '../../contract/s3-place.ts';
import { describeStreamStore } from '../../contract/stream-contract.ts';
import { createSegmentStreamStore, type SegmentStreamStore } from './stream-store.ts';

/** With the usual sizes hardly a test would reach S3. */
const TINY = { rollBytes: 1500, sealedBytes: 1, compactPieces: 4 };

describe.each(s3Servers())('streams in Postgres and S3 (%s)', (_name, start) => {
  let server: S3Server;
  const asked = { PUT: 0, GET: 0 };
  const failures: unknown[] = [];
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.close();
    // Else these tests would only have been about Postgres.
    expect(asked.PUT).toBeGreaterThan(50);
    expect(asked.GET).toBeGreaterThan(100);
    expect(failures).toEqual([]);
  });

  describeStreamStore(async () => {
    const [database, bucket] = [await createTestDatabase(), await makeBucket(server)];
    const stores: SegmentStreamStore[] = [];
    return {
      open() {
        const store = createSegmentStreamStore({
          index: createSegmentIndex(database.database),
          objects: bucket.objects,
          onError: (error) => failures.push(error),
          ...TINY,
        });
        stores.push(store);
        return store;
      },
      async close() {
        for (const store of stores) await store.settled();
        await database.close();
        asked.PUT += bucket.asked.PUT ?? 0;
        asked.GET += bucket.asked.GET ?? 0;
      },
    };
  });
});
