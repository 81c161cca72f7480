// A process that writes records until it is killed, and says after each batch how many are safe: "batch 40" was
// acknowledged to a caller, "crawl 40" was flushed. Each record holds its number.
const { randomBytes } = require('node:crypto');
const { createDatabase, createSegmentIndex } = require('@spiderhub/db');
const { openStorage } = require('@spiderhub/storage');

const { DATABASE_URL, STREAM_WRITER_BATCH = '20', STREAM_WRITER_BYTES = '100' } = process.env;
const BATCH = Number(STREAM_WRITER_BATCH);
const PADDING = Number(STREAM_WRITER_BYTES) / 2;
const refOf = (job) => ({ key: { project: 1, spider: 1, job }, attempt: 1, stream: 'items' });

function lines(first) {
  return Array.from({ length: BATCH }, (_, i) =>
    Buffer.from(JSON.stringify({ n: first + i, padding: randomBytes(PADDING).toString('hex') })),
  );
}

async function main() {
  const database = createDatabase(DATABASE_URL, { name: 'stream-writer', maxConnections: 4 });
  const settings = { ...process.env, CACHE_BYTES: 0, GARBAGE_HOURS: 1 };
  const { streams } = openStorage(settings, { index: createSegmentIndex(database) });
  const writer = await streams.openWriter(refOf(2));
  for (let n = 0; ; n += BATCH) {
    await streams.write(refOf(1), lines(n), n);
    process.stdout.write(`batch ${n + BATCH}\n`);
    writer.append(lines(n));
    await writer.flush();
    process.stdout.write(`crawl ${n + BATCH}\n`);
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
