import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createDatabase, createSegmentIndex, type Database, migrate } from '@spiderhub/db';
import { openStorage, verifySegments } from '@spiderhub/storage';
import { createTestDatabase, eventually, type FaultyS3, startFaultyS3 } from '@spiderhub/testkit';
import { type OwnBucket, startBucket } from '../support/s3-bucket.ts';
import { startOwnServers } from './harness/servers.ts';

/** Processes that are killed with -9 at the worst moments, while they write streams to Postgres and S3. */

jest.setTimeout(300_000);
const PATIENT = { timeoutMs: 120_000, everyMs: 20 };
const CHECKOUT = resolve(__dirname, '../..');
const STREAMS = 'streams/';
/** 1 MB for each batch: an object for some sixteen of them. */
const LARGE = { STREAM_WRITER_BATCH: '10', STREAM_WRITER_BYTES: '100000' };

let bucket: OwnBucket;
let faulty: FaultyS3;
let home: string;
beforeAll(async () => {
  bucket = await startBucket();
  faulty = await startFaultyS3(bucket.server);
  home = mkdtempSync(join(tmpdir(), 'sh-crash-'));
});
afterAll(async () => {
  await faulty.close();
  await bucket.close();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  faulty.fault = () => 'none';
});

type Stream = 'batch' | 'crawl';
const JOBS: Record<Stream, number> = { batch: 1, crawl: 2 };

interface Writer {
  child: ChildProcess;
  /** Records that it said were safe. */
  safe: Record<Stream, number>;
  kill(): Promise<void>;
}

/** Each in a folder of the bucket of its own. */
function startWriter(databaseUrl: string, folder: string, more: NodeJS.ProcessEnv = {}): Writer {
  const child = spawn(process.execPath, [join(__dirname, 'harness/stream-writer.cjs')], {
    env: { ...process.env, ...environment(folder), DATABASE_URL: databaseUrl, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const safe = { batch: 0, crawl: 0 };
  let text = '';
  child.stdout.on('data', (data) => {
    const told = `${text}${data}`.split('\n');
    text = told.pop() ?? '';
    for (const [stream, records] of told.map((line) => line.split(' ')))
      safe[stream as Stream] = Number(records);
  });
  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await gone;
  }
  return { child, safe, kill };
}

function environment(folder: string) {
  const { STORAGE_URL, ...keys } = bucket.through(faulty.endpoint);
  return { ...keys, STORAGE_URL: STORAGE_URL.replace('/tests', `/${folder}`), SPIDERHUB_HOME: home };
}

function openAs(folder: string, database: Database) {
  const settings = { ...environment(folder), CACHE_BYTES: 0, GARBAGE_HOURS: 1 };
  const { streams, objects } = openStorage(settings, { index: createSegmentIndex(database) });
  if (!objects) throw new Error('these are files');
  return { streams, ...objects };
}

type Opened = ReturnType<typeof openAs>;

/** How many records a stream has. Throws unless they are all from the first on. */
async function beginning({ streams }: Opened, stream: Stream): Promise<number> {
  let next = 0;
  const ref = { key: { project: 1, spider: 1, job: JOBS[stream] }, attempt: 1, stream: 'items' } as const;
  for await (const { first, lines } of streams.read(ref)) {
    expect(first).toBe(next);
    for (const line of lines) {
      expect((JSON.parse(line.toString()) as { n: number }).n).toBe(next);
      next += 1;
    }
  }
  expect(await streams.stats(ref)).toMatchObject({ records: next, end: next });
  return next;
}

async function stored({ objects }: Opened): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(STREAMS)) keys.push(key);
  return keys.sort();
}

async function named(database: Database): Promise<string[]> {
  const rows: { object: string }[] = await database('stream_extents').distinct('object');
  return rows.map(({ object }) => object).sort();
}

/** What nobody noted is found by looking, and nothing else is. */
async function expectExactOrphans(opened: Opened): Promise<void> {
  const stray = `${STREAMS}1/1/9/1/items/0-stray`;
  await opened.objects.put(stray, Buffer.from('nobody noted this one'));
  const words: string[] = [];
  const found = await verifySegments({
    ...opened,
    fix: true,
    olderMs: -60_000,
    onFound: (finding) => words.push(finding),
  });
  expect(found).toMatchObject({ broken: 0, missing: 0, orphans: 1, removed: 1 });
  expect(words).toEqual([expect.stringContaining(stray)]);
}

it('a writer killed after its object was written and before the commit leaves all that was acknowledged, and one object to remove', async () => {
  const postgres = await createTestDatabase();
  const opened = openAs('put', postgres.database);
  faulty.fault = ({ method, path }) => (method === 'PUT' && path.includes(STREAMS) ? 'kept' : 'none');
  const writer = startWriter(postgres.url, 'put', LARGE);
  try {
    await eventually(async () => expect((await stored(opened)).length).toBeGreaterThan(0), PATIENT);
    await eventually(() => expect(writer.safe.batch).toBeGreaterThan(160), PATIENT);
  } finally {
    await writer.kill();
    faulty.fault = () => 'none';
  }
  expect(await named(postgres.database)).toEqual([]);
  const unnamed = await stored(opened);
  for (const stream of ['batch', 'crawl'] as const) {
    const records = await beginning(opened, stream);
    expect(records).toBeGreaterThanOrEqual(writer.safe[stream]);
    expect(records % 10).toBe(0);
  }
  await expectExactOrphans(opened);
  // What was under way when the writer died may have arrived since.
  expect(await stored(opened)).toEqual(expect.arrayContaining(unnamed));
  // The hour passes for which somebody might be about to name it.
  await postgres.database('stream_garbage').update({ since: new Date(0) });
  // An object is noted before it is written: the last one may have got no further.
  const { done } = await opened.keeper.collect();
  expect(done).toBeGreaterThanOrEqual(unnamed.length);
  expect(await stored(opened)).toEqual([]);
  await postgres.close();
});

it('a writer killed while it puts the object in place of the rows changes nothing', async () => {
  const postgres = await createTestDatabase();
  const { database } = postgres;
  const opened = openAs('commit', database);
  const writer = startWriter(postgres.url, 'commit', LARGE);
  try {
    await eventually(() => expect(writer.safe.batch).toBeGreaterThan(20), PATIENT);
    await database.transaction(async (holding) => {
      // It gets as far as the rows, and no further.
      await holding.raw('select 1 from stream_chunks order by head_id, first limit 1 for update');
      await eventually(async () => {
        const { rows } = await database.raw<{ rows: unknown[] }>(
          `select pid from pg_stat_activity
          where wait_event_type = 'Lock' and query like '%delete from stream_chunks%' and datname = current_database()`,
        );
        expect(rows).toHaveLength(1);
      }, PATIENT);
      await writer.kill();
    });
  } finally {
    await writer.kill();
  }
  await eventually(async () => {
    const { rows } = await database.raw<{ rows: unknown[] }>(
      "select 1 from pg_stat_activity where application_name = 'stream-writer' and datname = current_database()",
    );
    expect(rows).toEqual([]);
  }, PATIENT);
  expect(await named(database)).toEqual([]);
  expect(await stored(opened)).not.toEqual([]);
  for (const stream of ['batch', 'crawl'] as const)
    expect(await beginning(opened, stream)).toBeGreaterThanOrEqual(writer.safe[stream]);
  await expectExactOrphans(opened);
  await database('stream_garbage').update({ since: new Date(0) });
  await opened.keeper.collect();
  expect(await stored(opened)).toEqual([]);
  await postgres.close();
});

it('a Postgres that is killed keeps what a crawl was told is stored, and every batch that was acknowledged', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sh-crash-pg-'));
  // The server's own account has to get there.
  chmodSync(root, 0o711);
  const servers = await startOwnServers(join(root, 'servers'), join(CHECKOUT, '.spiderhub'));
  await migrate(servers.databaseUrl, join(CHECKOUT, 'migrations'));
  const writer = startWriter(servers.databaseUrl, 'killed');
  try {
    await eventually(() => expect(writer.safe.crawl).toBeGreaterThan(1000), PATIENT);
    await servers.kill('postgres');
    await writer.kill();
    await servers.restart('postgres');
    const database = createDatabase(servers.databaseUrl, { name: 'after', maxConnections: 2 });
    const opened = openAs('killed', database);
    const batches = await beginning(opened, 'batch');
    expect(batches).toBeGreaterThanOrEqual(writer.safe.batch);
    expect(batches % 20).toBe(0);
    // Its worker lives and goes on behind what it was told: nothing of that may be missing.
    const crawl = await beginning(opened, 'crawl');
    expect(crawl).toBeGreaterThanOrEqual(writer.safe.crawl);
    expect(crawl % 20).toBe(0);
    await expectExactOrphans(opened);
    await database.destroy();
  } finally {
    await writer.kill();
    await servers.stop();
    rmSync(root, { recursive: true, force: true });
  }
});
