// Items through HTTP: writing and reading many small ones and some large ones, single records at random, and the
// memory of the API all the while. Beside it, on the same machine and in the same run: a plain static-file server that
// sends the same bytes, and `scrapy crawl -O x.jl` that writes the same items.
//
//   npm run build
//   DATABASE_URL=… REDIS_URL=… SPIDERHUB_PYTHON=… node bench/streams-http.mjs [--small 1000000] [--large 100]
//
// It makes a database and a directory of its own and removes them. With STORAGE_URL and keys of S3, a second API has its
// records there, and is asked for the same downloads in turn with the one that has files.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { built, CHECKOUT } from './support/checkout.mjs';
import { median } from './support/figures.mjs';

const compress = promisify(gzip);
const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '100' },
    singles: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    static: { type: 'string' },
  },
});
const SMALL = Number(values.small);
const LARGE = Number(values.large);
const BATCH = 1000;
const MEGABYTE = 1024 * 1024;

const SPIDER = `
import json, scrapy
class Bench(scrapy.Spider):
    name = 'bench'
    custom_settings = {'LOG_LEVEL': 'ERROR'}
    async def start(self):
        yield scrapy.Request('data:,')
    def parse(self, response):
        with open(self.source) as lines:
            for line in lines:
                yield json.loads(line)
`;

if (values.static) serveStatically(values.static);
else await main();

/** The simplest server that can send a file: read and pipe. A process of its own. */
function serveStatically(path) {
  const server = http.createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/x-jsonlines', 'content-encoding': 'gzip' });
    createReadStream(path).pipe(res);
  });
  server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
}

async function main() {
  const home = await mkdtemp(join(tmpdir(), 'bench-http-'));
  const { STORAGE_URL } = process.env;
  const agent = new http.Agent({ keepAlive: true });
  const { api, project, close, ...address } = await startApi(home, { STORAGE_URL: '' });
  const target = { ...address, agent };
  const beside = STORAGE_URL ? await startApi(home, { STORAGE_URL }) : null;
  try {
    console.log(`${'memory of the API at rest'.padEnd(56)} ${(peakBytes(api.pid) / 1e6).toFixed(0)} MB`);
    const small = await newJob(target, project);
    const large = await newJob(target, project);
    await writing(target, api, { small, large });
    await writingWithScrapy(home);
    await downloading(target, home, { small, large });
    if (beside) await downloadingBeside(target, { ...beside, agent }, { small, large });
    await readingSingles(target, small);
    console.log(
      `${'memory of the API, highest'.padEnd(56)} ${(peakBytes(api.pid) / 1e6).toFixed(0)} MB (target: below 200)`,
    );
  } finally {
    agent.destroy();
    await beside?.close();
    await close();
    await rm(home, { recursive: true, force: true });
  }
}

async function startApi(home, storage) {
  const { createAdminStore, createDatabase, migrate } = built('packages/db');
  const { hashApiKey, newApiKey } = built('packages/core');
  const name = `spiderhub_bench_${randomBytes(4).toString('hex')}`;
  const server = createDatabase(process.env.DATABASE_URL);
  await server.raw(`create database ${name}`);
  const databaseUrl = Object.assign(new URL(process.env.DATABASE_URL), { pathname: `/${name}` }).href;
  await migrate(databaseUrl, join(CHECKOUT, 'migrations'));
  const database = createDatabase(databaseUrl);
  const admin = createAdminStore(database);
  await admin.createOrganisation('bench');
  const { value: project } = await admin.createProject({
    id: null,
    organisation: 'bench',
    name: 'bench',
    paused: true,
  });
  const key = newApiKey();
  await admin.createKey({ hash: hashApiKey(key), hint: 'b', user: null, project: project.id, staff: false });
  await database.destroy();
  const api = spawn(process.execPath, [join(CHECKOUT, 'apps/api/dist/main.js')], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      SPIDERHUB_HOME: home,
      PORT: '0',
      SCRAPYD_PORT: '0',
      LIMIT_REQUESTS_PER_SECOND: '1000000',
      LOG_LEVEL: 'warn',
      ...storage,
      QUEUE_PREFIX: `bench-${name.slice(-8)}`,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { url } = await new Promise((resolve) => api.once('message', resolve));
  return {
    api,
    url,
    auth: `${key}:`,
    project: project.id,
    async close() {
      api.kill();
      await new Promise((resolve) => api.once('exit', resolve));
      await server.raw(`drop database ${name} with (force)`);
      await server.destroy();
    },
  };
}

/** What the first API serves goes to the second as it is, and both are asked for it in turn. */
async function downloadingBeside(files, s3, jobs) {
  for (const [what, from, count] of [
    ['small items', jobs.small, SMALL],
    ['items of 1 MiB', jobs.large, LARGE],
  ]) {
    const to = await newJob(s3, s3.project);
    const perBatch = count === LARGE ? 10 : BATCH * 10;
    for (let start = 0; start < count; start += perBatch) {
      const lines = await send(files, `/items/${from}?start=${from}/${start}&count=${perBatch}`);
      await send(s3, `/items/${to}?start=${start}`, Buffer.from(lines));
    }
    const ways = { 'gzip as stored': { 'accept-encoding': 'gzip' }, 'as lines': {} };
    for (const [how, headers] of Object.entries(ways)) {
      const seconds = { files: [], s3: [] };
      let wire = 0;
      for (let round = 0; round < Number(values.rounds); round += 1) {
        seconds.files.push(await timed(() => download(files, `/items/${from}`, headers)));
        seconds.s3.push(await timed(async () => (wire = await download(s3, `/items/${to}`, headers))));
      }
      const [ours, plain] = [median(seconds.s3), median(seconds.files)];
      report(`read ${what} from S3, ${how}`, ours, count, wire);
      report('  the same from files', plain, count, wire);
      console.log(`${'  share of files'.padEnd(56)} ${Math.round((plain / ours) * 100)} % (target: 50)`);
    }
  }
}

async function newJob(target, project) {
  const answer = await send(
    target,
    `/jobq/${project}/push`,
    Buffer.from('{"spider":"bench","state":"running"}'),
  );
  return JSON.parse(answer).key;
}

function send({ url, auth, agent }, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { agent, auth, method: body ? 'POST' : 'GET', headers: { ...headers } };
    if (body) options.headers['content-length'] = body.length;
    const request = http.request(url + path, options, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (res.statusCode >= 300) reject(new Error(`${res.statusCode} ${text}`));
        else resolve(text);
      });
    });
    request.on('error', reject).end(body);
  });
}

/** Downloads and throws away; resolves with the bytes on the wire. */
function download({ url, auth, agent }, path, headers) {
  return new Promise((resolve, reject) => {
    http
      .get(url + path, { agent, auth, headers }, (res) => {
        let bytes = 0;
        res.on('data', (chunk) => {
          bytes += chunk.length;
        });
        res.on('end', () => resolve(bytes));
        res.on('error', reject);
      })
      .on('error', reject);
  });
}

function smallItem(n) {
  const words = ['alpha', 'beta', 'gamma', 'delta', 'omega'];
  return JSON.stringify({
    _type: 'ProductItem',
    url: `https://shop.example/products/${n}?ref=${(n * 2654435761) % 4294967296}`,
    name: `${words[n % 5]} ${words[(n >> 3) % 5]} ${n}`,
    price: ((n * 37) % 9973) / 100,
    stock: n % 13,
    sku: ((n * 40503) >>> 0).toString(16).padStart(12, '0'),
    tags: [words[n % 5], words[(n >> 2) % 5]],
  });
}

function largeItem(n) {
  const noise = randomBytes(256 * 1024).toString('hex');
  return JSON.stringify({ n, html: (noise + 'lorem ipsum '.repeat(45_000)).slice(0, MEGABYTE - 32) });
}

function report(what, seconds, items, bytes) {
  const rate = `${Math.round(items / seconds).toLocaleString('en')} items/s`;
  const speed = `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
  console.log(
    `${what.padEnd(56)} ${seconds.toFixed(2).padStart(7)} s ${rate.padStart(18)} ${speed.padStart(12)}`,
  );
}

/** As the official client uploads: one batch after the other, gzip for items. What the sender itself needs is left out. */
async function writing(target, api, { small, large }) {
  for (const [what, job, count, perBatch, item] of [
    ['write small items', small, SMALL, BATCH, smallItem],
    ['write items of 1 MiB', large, LARGE, 10, largeItem],
  ]) {
    let [ms, bytes] = [0, 0];
    resetPeak(api.pid);
    for (let start = 0; start < count; start += perBatch) {
      const lines = Array.from({ length: Math.min(perBatch, count - start) }, (_, i) => item(start + i));
      const raw = Buffer.from(lines.join('\n'));
      const body = await compress(raw, { level: 6 });
      const before = performance.now();
      await send(target, `/items/${job}?start=${start}`, body, { 'content-encoding': 'gzip' });
      ms += performance.now() - before;
      bytes += raw.length;
    }
    report(`${what}, batches of ${perBatch}, gzip`, ms / 1000, count, bytes);
    console.log(`${'  memory of the API meanwhile'.padEnd(56)} ${(peakBytes(api.pid) / 1e6).toFixed(0)} MB`);
  }
}

async function writingWithScrapy(home) {
  const python = process.env.SPIDERHUB_PYTHON;
  if (!python) return console.log('SPIDERHUB_PYTHON is not set: no comparison with scrapy');
  const count = Math.min(SMALL, 100_000);
  const [spider, source, out] = ['bench.py', 'source.jl', 'x.jl'].map((name) => join(home, name));
  writeFileSync(spider, SPIDER);
  const lines = Array.from({ length: count }, (_, n) => smallItem(n)).join('\n');
  writeFileSync(source, lines);
  const before = performance.now();
  const child = spawn(python, ['-m', 'scrapy', 'runspider', spider, '-a', `source=${source}`, '-O', out], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise((resolve) => child.once('exit', resolve));
  const seconds = (performance.now() - before) / 1000;
  if ((await stat(out)).size < lines.length) throw new Error('scrapy did not write all items');
  report(`scrapy runspider -O x.jl, ${count.toLocaleString('en')} of them`, seconds, count, lines.length);
}

async function downloading(target, home, { small, large }) {
  for (const [what, job, count] of [
    ['small items', small, SMALL],
    ['items of 1 MiB', large, LARGE],
  ]) {
    const { totals } = JSON.parse(await send(target, `/items/${job}/stats`));
    const raw = totals.input_bytes + count;
    const file = join(home, `static-${count}.gz`);
    await saveGzip(target, `/items/${job}`, file);
    const fixed = spawn(process.execPath, [fileURLToPath(import.meta.url), '--static', file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const { url } = await new Promise((resolve) => fixed.once('message', resolve));
    const wire = (await stat(file)).size;
    const seconds = { ours: [], plain: [] };
    for (let round = 0; round < Number(values.rounds); round += 1) {
      seconds.plain.push(await timed(() => download({ ...target, url }, '/', { 'accept-encoding': 'gzip' })));
      seconds.ours.push(await timed(() => download(target, `/items/${job}`, { 'accept-encoding': 'gzip' })));
    }
    fixed.kill();
    const [ours, plain] = [median(seconds.ours), median(seconds.plain)];
    report(`read ${what}, gzip as stored (${(wire / 1e6).toFixed(0)} MB on the wire)`, ours, count, wire);
    report('  the same bytes from a static-file server', plain, count, wire);
    console.log(
      `${'  share of the static server'.padEnd(56)} ${Math.round((plain / ours) * 100)} % (target: 70)`,
    );
    const keyed = await timed(() =>
      download(target, `/items/${job}?meta=_key`, { 'accept-encoding': 'gzip' }),
    );
    report(`read ${what} with their keys`, keyed, count, raw);
  }
}

function saveGzip({ url, auth, agent }, path, file) {
  return new Promise((resolve, reject) => {
    http
      .get(url + path, { agent, auth, headers: { 'accept-encoding': 'gzip' } }, (res) => {
        if (res.headers['content-encoding'] !== 'gzip') reject(new Error('the answer is not gzip'));
        else pipeline(res, createWriteStream(file)).then(resolve, reject);
      })
      .on('error', reject);
  });
}

async function readingSingles(target, job) {
  const times = [];
  for (let i = 0; i < Number(values.singles); i += 1) {
    const number = Math.floor(Math.random() * SMALL);
    let text = '';
    times.push(await timed(async () => (text = await send(target, `/items/${job}/${number}`))));
    if (!text.includes(`/products/${number}?`)) throw new Error(`record ${number} is not itself: ${text}`);
  }
  times.sort((a, b) => a - b);
  const ms = (share) => (times[Math.floor(times.length * share)] * 1000).toFixed(2);
  const what = `read one of ${SMALL.toLocaleString('en')}`;
  console.log(`${what.padEnd(56)} median ${ms(0.5)} ms, 99 % below ${ms(0.99)} ms (target: median below 10)`);
}

async function timed(work) {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}

/** Peak resident memory of a process since the last reset. */
function peakBytes(pid) {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

function resetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
