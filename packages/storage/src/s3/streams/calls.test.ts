import { createSegmentIndex } from '@spiderhub/db';
import { createTestDatabase, type S3Server, startMoto } from '@spiderhub/testkit';
import { makeBucket } from '../../contract/s3-place.ts';
import { REF } from '../../contract/support.ts';
import { createSegmentStreamStore } from './stream-store.ts';

/** What each call costs money and time for: PUTs of a crawl, and GETs of its readers. */
let server: S3Server;
beforeAll(async () => {
  server = await startMoto();
});
afterAll(() => server.close());

const ITEMS = 250_000;
const FLUSH = 2000;
const item = (n: number) =>
  Buffer.from(
    JSON.stringify({
      url: `https://shop.example/products/${n}?ref=${(n * 2654435761) % 4294967296}`,
      price: ((n * 37) % 9973) / 100,
      sku: ((n * 40503) >>> 0).toString(16).padStart(12, '0'),
      tags: ['alpha', 'beta', 'gamma'].slice(n % 3),
    }),
  );

it('a quarter of a million small items are two PUTs at most, one of them is one GET, and all are few', async () => {
  const postgres = await createTestDatabase();
  const { objects, asked } = await makeBucket(server);
  const failures: unknown[] = [];
  const store = createSegmentStreamStore({
    index: createSegmentIndex(postgres.database),
    objects,
    onError: (error) => failures.push(error),
  });
  const count = (): Record<string, number> => ({ PUT: asked.PUT ?? 0, GET: asked.GET ?? 0 });
  try {
    const writer = await store.openWriter(REF);
    for (let first = 0; first < ITEMS; first += FLUSH) {
      writer.append(Array.from({ length: FLUSH }, (_, i) => item(first + i)));
      await writer.flush();
    }
    await writer.seal();
    await store.settled();
    const written = count();
    expect(written.PUT).toBeGreaterThanOrEqual(1);
    expect(written.PUT).toBeLessThanOrEqual(2);

    const one: string[] = [];
    for await (const { lines } of store.read(REF, { from: 1234, to: 1235 })) one.push(...lines.map(String));
    expect(one).toEqual([String(item(1234))]);
    expect(count().GET).toBe((written.GET ?? 0) + 1);

    let bytes = 0;
    for await (const chunk of store.readGzip(REF)) bytes += chunk.length;
    // A GET for each MiB of the objects, and no more than one of less than that.
    expect((count().GET ?? 0) - (written.GET ?? 0) - 1).toBeLessThanOrEqual(Math.ceil(bytes / 2 ** 20) + 2);
    expect(failures).toEqual([]);
  } finally {
    await store.settled();
    await postgres.close();
  }
});
