import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSegmentIndex } from '@spiderhub/db';
import { openStorage, verifySegments } from '@spiderhub/storage';
import { eventually } from '@spiderhub/testkit';
import { runToEnd } from '../../support/crawl.ts';
import { deployDemo } from '../../support/demo-egg.ts';
import { type OwnBucket, startBucket } from '../../support/s3-bucket.ts';
import { type Service, startService } from '../../support/service.ts';

/** API and worker as if of two machines: they share a database, a Redis and a bucket, and no file. */

jest.setTimeout(240_000);

let bucket: OwnBucket;
let service: Service;
let elsewhere: string;

beforeAll(async () => {
  bucket = await startBucket();
  elsewhere = await mkdtemp(join(process.env.SPIDERHUB_TEST_HOME ?? tmpdir(), 'sh-'));
  service = await startService({ workers: 0, env: bucket.env });
  await service.startWorker({ SPIDERHUB_HOME: elsewhere });
});
afterAll(async () => {
  await service.stop();
  await bucket.close();
  await rm(elsewhere, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const shop = () => ({
  job_settings: JSON.stringify({ DEMO_SITE_URL: `${service.url}/demo/` }),
  max_pages: '1',
});

async function readyz() {
  const answer = await fetch(`${service.url}/readyz`);
  return (await answer.json()) as { status: string; missing: string[] };
}

function storage() {
  return openStorage(
    { ...bucket.env, SPIDERHUB_HOME: service.home, CACHE_BYTES: 2 ** 30, GARBAGE_HOURS: 1 },
    { index: createSegmentIndex(service.db.database) },
  );
}

it('deploys on one machine, crawls on the other, and reads what came', async () => {
  await eventually(async () => expect(await readyz()).toMatchObject({ status: 'ok' }));
  expect((await deployDemo(service)).join('')).toContain('"ok"');
  const { items, log, id, requests } = await runToEnd(service, 'books', shop());
  expect(items.length).toBeGreaterThan(0);
  expect(requests).toBeGreaterThan(0);
  expect(log).toContain('Spider closed (finished)');
  expect(await readdir(join(elsewhere, 'cache/blobs'))).toContain('incoming');
  for (const home of [service.home, elsewhere]) {
    expect(existsSync(join(home, 'data/streams'))).toBe(false);
    expect(existsSync(join(home, 'data/blobs'))).toBe(false);
  }
  const whole = await (await service.call(`/storage/items/${id}?format=jl`)).text();
  expect(whole.trim().split('\n')).toHaveLength(items.length);
});

it('moves what small jobs wrote into one object, where it is found whole', async () => {
  const { items, id } = await runToEnd(service, 'books', shop());
  const { objects, streams } = storage();
  if (!objects) throw new Error('these are files');
  const [project, spider, job] = id.split('/').map(Number) as [number, number, number];
  const key = { project, spider, job };
  // The leader packs, too: what it has under way is not there for others.
  await eventually(async () => {
    await service.db.database('stream_heads').update({ ready_at: new Date(0) });
    while ((await objects.keeper.pack()).more);
    expect(await service.db.database('stream_chunks').count()).toEqual([{ count: '0' }]);
  });
  const again = await (await service.call(`/storage/items/${id}?format=jl`)).text();
  expect(again.trim().split('\n')).toHaveLength(items.length);
  expect((await streams.stats({ key, attempt: 1, stream: 'items' })).records).toBe(items.length);
  const found = await verifySegments({ ...objects, fix: false, olderMs: 0, onFound: () => {} });
  expect(found).toMatchObject({ broken: 0, missing: 0, orphans: 0 });
  expect(found.members).toBeGreaterThanOrEqual(3);
});

it('goes on crawling without S3, and says that it is away', async () => {
  await bucket.close();
  await eventually(async () => {
    expect(await readyz()).toMatchObject({ status: 'unavailable', missing: ['storage'] });
  });
  const { items, log } = await runToEnd(service, 'books', shop());
  expect(items.length).toBeGreaterThan(0);
  expect(log).toContain('Spider closed (finished)');
});
