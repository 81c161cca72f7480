/**
 * Streams at the level of the store: writes and reads many small items and some large ones, and reads single records
 * at random. Build first: npx tsc -b packages/storage. Then: node bench/streams.mjs [small items] [large items]
 * With STORAGE_URL and keys of S3, and DATABASE_URL of an empty database, each of these also on the other driver:
 * node apps/cli/dist/main.js services -- env STORAGE_URL=s3://… node bench/streams.mjs
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesBelow, openStorage } from '../packages/storage/dist/index.js';
import { built, CHECKOUT } from './support/checkout.mjs';
import { median } from './support/figures.mjs';

const SMALL = Number(process.argv[2] ?? 1_000_000);
const LARGE = Number(process.argv[3] ?? 100);
/** What a busy crawl hands over with one flush. */
const FLUSH_LINES = 2000;
/** What python-scrapinghub uploads with one request. */
const BATCH_LINES = 1000;
const SINGLE_READS = 2000;
const ROUNDS = 31;

const root = await mkdtemp(path.join(tmpdir(), 'bench-streams-'));
const { DATABASE_URL, STORAGE_URL } = process.env;
/** A store that nobody has used yet. */
const DRIVERS = { files: () => filesBelow(path.join(root, 'data')).streams };
let database = null;
if (STORAGE_URL && DATABASE_URL) {
  const { createDatabase, createSegmentIndex, migrate } = built('packages/db');
  await migrate(DATABASE_URL, path.join(CHECKOUT, 'migrations'));
  database = createDatabase(DATABASE_URL);
  const settings = { ...process.env, SPIDERHUB_HOME: root, CACHE_BYTES: 0, GARBAGE_HOURS: 1 };
  DRIVERS['PostgreSQL and S3'] = () =>
    openStorage(settings, { index: createSegmentIndex(database), onError: (error) => console.error(error) })
      .streams;
}
let open = DRIVERS.files;
const refOf = (project) => ({ key: { project, spider: 1, job: 1 }, attempt: 1, stream: 'items' });

function smallItem(n) {
  const words = ['alpha', 'beta', 'gamma', 'delta', 'omega'];
  return Buffer.from(
    JSON.stringify({
      _type: 'ProductItem',
      url: `https://shop.example/products/${n}?ref=${(n * 2654435761) % 4294967296}`,
      name: `${words[n % 5]} ${words[(n >> 3) % 5]} ${n}`,
      price: ((n * 37) % 9973) / 100,
      stock: n % 13,
      sku: ((n * 40503) >>> 0).toString(16).padStart(12, '0'),
      tags: [words[n % 5], words[(n >> 2) % 5]],
    }),
  );
}

function largeItem(n) {
  // Half of it is noise, as pages compress to about half at best at this level.
  const noise = randomBytes(256 * 1024).toString('hex');
  return Buffer.from(
    JSON.stringify({ n, html: (noise + 'lorem ipsum '.repeat(45_000)).slice(0, 1024 * 1024 - 32) }),
  );
}

function report(what, seconds, items, bytes) {
  const rate = `${Math.round(items / seconds).toLocaleString('en')} items/s`;
  console.log(
    `${what.padEnd(44)} ${seconds.toFixed(2).padStart(7)} s  ${rate.padStart(20)}  ${(bytes / 1e6 / seconds).toFixed(1).padStart(8)} MB/s`,
  );
}

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return [(performance.now() - start) / 1000, result];
}

async function crawl(ref, count, item, perFlush) {
  const writer = await open().openWriter(ref);
  let bytes = 0;
  let seconds = 0;
  for (let n = 0; n < count; n += perFlush) {
    const lines = Array.from({ length: Math.min(perFlush, count - n) }, (_, i) => item(n + i));
    for (const line of lines) bytes += line.length + 1;
    // Making the items is not the store's work.
    const [spent] = await timed(async () => {
      writer.append(lines);
      await writer.flush();
    });
    seconds += spent;
  }
  const [sealing] = await timed(() => writer.seal());
  return { bytes, seconds: seconds + sealing };
}

async function upload(ref, count, item, perBatch) {
  const store = open();
  let bytes = 0;
  let seconds = 0;
  for (let n = 0; n < count; n += perBatch) {
    const lines = Array.from({ length: Math.min(perBatch, count - n) }, (_, i) => item(n + i));
    for (const line of lines) bytes += line.length + 1;
    const [spent] = await timed(() => store.write(ref, lines, n));
    seconds += spent;
  }
  return { bytes, seconds };
}

async function scan(ref) {
  let items = 0;
  let bytes = 0;
  for await (const { lines } of open().read(ref)) {
    items += lines.length;
    for (const line of lines) bytes += line.length + 1;
  }
  return { items, bytes };
}

async function download(ref) {
  let bytes = 0;
  for await (const chunk of open().readGzip(ref)) bytes += chunk.length;
  return bytes;
}

async function single(ref, count, reads) {
  const store = open();
  const times = [];
  for (let i = 0; i < reads; i += 1) {
    const from = Math.floor(Math.random() * count);
    const [seconds] = await timed(async () => {
      for await (const { first, lines } of store.read(ref, { from, to: from + 1 })) {
        if (first !== from || lines.length !== 1) throw new Error('wrong record');
      }
    });
    times.push(seconds * 1000);
  }
  const firstMs = times[0];
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(2);
  console.log(
    `  single records: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; first, without cached index ${firstMs.toFixed(2)} ms`,
  );
}

async function measure(name, ref, count, write) {
  console.log(`\n${count.toLocaleString('en')} ${name}`);
  const { bytes, seconds } = await write();
  report('  written', seconds, count, bytes);
  const [scanning, found] = await timed(() => scan(ref));
  if (found.items !== count || found.bytes !== bytes)
    throw new Error(`read ${found.items} items, ${found.bytes} bytes`);
  report('  read as records', scanning, count, bytes);
  const compressed = await download(ref);
  await single(ref, count, Math.min(SINGLE_READS, count * 5));
  console.log(
    `  ${(bytes / 1e6).toFixed(0)} MB of lines, ${(compressed / 1e6).toFixed(0)} MB as gzip, ${((await open().sizeOfProject(ref.key.project)) / 1e6).toFixed(0)} MB stored`,
  );
  console.log(`  peak memory so far ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
}

/** As gzip, which is sent as it is stored: the drivers in turn, so often that what else the machine does meets both. */
async function downloading(name, ref, count) {
  console.log(`\n${name}, read as gzip (MB/s of gzip), medians of ${ROUNDS}`);
  const rounds = Object.fromEntries(Object.keys(DRIVERS).map((driver) => [driver, []]));
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [driver, make] of Object.entries(DRIVERS)) {
      open = make;
      const [seconds, size] = await timed(() => download(ref));
      rounds[driver].push(seconds);
      bytes = size;
    }
  }
  for (const [driver, seconds] of Object.entries(rounds))
    report(`  ${driver}`, median(seconds), count, bytes);
}

const CASES = [
  ['small items, by the writer of a crawl', SMALL, (ref) => crawl(ref, SMALL, smallItem, FLUSH_LINES)],
  ['small items, uploaded in durable batches', SMALL, (ref) => upload(ref, SMALL, smallItem, BATCH_LINES)],
  ['items of 1 MiB, by the writer of a crawl', LARGE, (ref) => crawl(ref, LARGE, largeItem, 4)],
  ['items of 1 MiB, uploaded in durable batches', LARGE, (ref) => upload(ref, LARGE, largeItem, 10)],
];

try {
  // The drivers in turn, so that both meet the same machine.
  for (const [i, [name, count, write]] of CASES.entries()) {
    for (const [driver, make] of Object.entries(DRIVERS)) {
      open = make;
      await measure(`${String(name)} (${driver})`, refOf(i + 1), count, () => write(refOf(i + 1)));
    }
    await downloading(String(name), refOf(i + 1), count);
  }
} finally {
  await database?.destroy();
  await rm(root, { recursive: true });
}
