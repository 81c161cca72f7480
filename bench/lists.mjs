// Lists, counts and claims over HTTP with millions of finished jobs behind them.
//
//   npm run build
//   node bench/lists.mjs [--jobs 10000,3000000] [--rounds 100] [--only /console]
//   node bench/lists.mjs --jobs 3000000 --keep       fills a database on the server of DATABASE_URL, says where, and leaves it
//   node bench/lists.mjs --jobs 10000,3000000 --at postgresql://.../small,postgresql://.../large       asks in such databases
//
// Without DATABASE_URL it starts a Postgres and a Redis of its own and removes them afterwards; with it, it makes a
// database of its own on that server. One API process as in production, one caller. A size after the other; the last
// column is the median beside that of the first size.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fill } from './lists/fill.mjs';
import { built, CHECKOUT } from './support/checkout.mjs';
import { percentile } from './support/figures.mjs';
import { createCaller, download } from './support/http.mjs';

if (!process.env.DATABASE_URL) {
  const services = [join(CHECKOUT, 'apps/cli/dist/main.js'), 'services', '--'];
  process.exit(spawnSync(process.execPath, [...services, ...process.argv], { stdio: 'inherit' }).status ?? 1);
}

const { createTestDatabase } = built('packages/testkit');
const { createAdminStore, createDatabase } = built('packages/db');
const { hashApiKey, newApiKey } = built('packages/core');

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10000,300000' },
    rounds: { type: 'string', default: '100' },
    // Only calls below this path, and no download.
    only: { type: 'string', default: '' },
    // Filling millions takes long: a filled database can be kept, and asked again after a change.
    keep: { type: 'boolean', default: false },
    at: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);

const list = (query) => `/api/jobs/list.json?project=1&${query}`;
const count = (query) => `/api/jobs/count.json?project=1&${query}`;
/** A page of a hundred, as the page shows it: with why jobs wait, what is usual of their spiders, and the numbers of the project. */
const shown = (q, more = '') => `/console/projects/1/jobs?limit=100&q=${encodeURIComponent(q)}${more}`;

/** Name and path, with a form for what is posted. `$third` is a third of the jobs, `$cursor` lies behind 500 of them. */
const CALLS = [
  ['latest 10 of the project', list('count=10')],
  ['... of a spider', list('spider=spider-7&count=10')],
  ['... finished ones of a spider', list('spider=spider-7&state=finished&count=10')],
  ['... of three spiders', list('spider=spider-7&spider=spider-8&spider=spider-9&count=10')],
  ['... finished ones', list('state=finished&count=10')],
  ['all that run', list('state=running')],
  ['all that wait', list('state=pending')],
  ['latest 10 that lack consumed (100 do)', list('lacks_tag=consumed&count=10')],
  ['... finished ones', list('lacks_tag=consumed&state=finished&count=10')],
  ['... that lack an unknown tag', list('lacks_tag=nobody&count=10')],
  ['... with a rare tag', list('has_tag=rare&count=10')],
  ['... with a tag that most have', list('has_tag=daily&count=10')],
  ['latest 1, for its total', list('count=1')],
  ['10 behind a third of all', list('count=10&offset=$third')],
  ['count.json of the project', count('')],
  ['... of finished ones', count('state=finished')],
  ['... of a spider', count('spider=spider-7')],
  ['... with a tag that most have', count('has_tag=daily')],
  ['jobq summary', '/storage/jobq/1/summary'],
  ['claim.json, one job', '/api/jobs/claim.json', 'project=1&lacks_tag=consumed&lease=1&worker=bench'],
  [
    '... one job of a spider',
    '/api/jobs/claim.json',
    'project=1&lacks_tag=consumed&lease=1&worker=b&spider=spider-7',
  ],
  ['daemonstatus.json', '/scrapyd/daemonstatus.json'],
  ['listjobs.json, 10 of the project', '/scrapyd/listjobs.json?project=bench&limit=10'],
  ['the page: 100 jobs', shown('')],
  ['... behind 500 others', shown('', '&cursor=$cursor')],
  ['... of a spider', shown('spider:spider-7')],
  ['... that failed', shown('state:failed')],
  ['... finished ones that lack consumed', shown('state:finished -tag:consumed')],
  ['... with a tag that most have', shown('tag:daily')],
  ['... with a rare tag', shown('tag:rare')],
  ['... that run', shown('state:running')],
  ['... of the last hour', shown('since:1h')],
  ['... with many errors', shown('errors:>1')],
  ['... with a word', shown('spider-17')],
  ['... with an argument that none has', shown('args.day:1999-01-01')],
  ['its overview', '/console/projects/1/overview'],
  ['its health of spiders', '/console/projects/1/health?runs=30'],
].filter(([, path]) => path.startsWith(values.only));

const OTHERS = [
  ['listjobs.json of another project', '/scrapyd/listjobs.json?project=other&limit=10'],
  ['list.json of another project', '/api/jobs/list.json?project=2&count=10'],
];

const found = [];
const filled = values.at.split(',').filter(Boolean);
for (const [at, jobs] of values.jobs.split(',').map(Number).entries()) {
  if (values.keep) await keep(jobs);
  else found.push(await measure(jobs, filled[at]));
}
for (const each of found) print(each, found[0]);

async function keep(jobs) {
  const db = await createTestDatabase();
  await fillAndSay(db.database, jobs);
  await db.database.destroy();
  console.log(db.url);
}

async function fillAndSay(pool, jobs) {
  const from = performance.now();
  await fill(pool, jobs);
  process.stderr.write(`${jobs} jobs are there after ${((performance.now() - from) / 1000).toFixed(0)} s\n`);
}

/** A database of its own, or one that was filled before and stays. */
async function measure(jobs, filledUrl) {
  const db = filledUrl ? { url: filledUrl, close: async () => {} } : await createTestDatabase();
  const pool = createDatabase(db.url, { maxConnections: 4 });
  try {
    if (!filledUrl) await fillAndSay(pool, jobs);
    const api = await startApi(db.url, await adminKey(pool));
    try {
      const pages = await timePages(api, jobs);
      return { jobs, pages, ...(values.only === '' && (await timeDownload(api))) };
    } finally {
      await api.stop();
    }
  } finally {
    await pool.destroy();
    await db.close();
  }
}

async function adminKey(pool) {
  const key = newApiKey();
  const admin = createAdminStore(pool);
  // A database that is asked again has them.
  await admin.createUser('bench').catch(() => {});
  await admin.addMember('bench', 'bench').catch(() => {});
  await admin.createKey({
    hash: hashApiKey(key),
    hint: key.slice(0, 4),
    user: 'bench',
    project: null,
    staff: false,
  });
  return key;
}

async function startApi(databaseUrl, key) {
  const home = mkdtempSync(join(tmpdir(), 'spiderhub-bench-'));
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    SPIDERHUB_HOME: home,
    PORT: '0',
    SCRAPYD_PORT: '0',
    LIMIT_REQUESTS_PER_SECOND: '1000000',
    QUEUE_PREFIX: `bench-${process.pid}`,
  };
  const child = spawn(process.execPath, [join(CHECKOUT, 'apps/api/dist/main.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = await new Promise((done, fail) => {
    child.once('message', (message) => done(message.url));
    child.once('exit', (code) => fail(new Error(`the API ended with ${code}`)));
  });
  return {
    url,
    authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
    memoryMb: () =>
      Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    async stop() {
      child.kill();
      await new Promise((done) => child.once('exit', done));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function timePages(api, jobs) {
  const caller = createCaller(api.url, api.authorization);
  const rows = [];
  let cursor = '';
  for (let page = 0; page < 5; page += 1) {
    const { text } = await caller.call(shown('', cursor && `&cursor=${cursor}`));
    cursor = encodeURIComponent(JSON.parse(text).cursor);
  }
  for (const [name, path, form] of CALLS) {
    const filled = path.replace('$third', Math.floor(jobs / 3)).replace('$cursor', cursor);
    const times = await caller.times(filled, rounds, form);
    rows.push({ name, p50: percentile(times, 0.5), p99: percentile(times, 0.99) });
  }
  caller.close();
  return rows;
}

/** `list.jl` of everything; the others' times before and meanwhile. */
async function timeDownload(api) {
  const caller = createCaller(api.url, api.authorization);
  const alone = askOthers(api, caller);
  await pause(2000);
  const before = await alone.stop();
  const restMb = api.memoryMb();
  const beside = askOthers(api, caller);
  const stream = await download(api.url, api.authorization, '/api/jobs/list.jl?project=1');
  const meanwhile = await beside.stop();
  caller.close();
  const others = OTHERS.map(([name], at) => ({
    name,
    before: before.times[at],
    meanwhile: meanwhile.times[at],
  }));
  return { stream, restMb, peakMb: meanwhile.peakMb, others };
}

/** Asks for small things, in turn and with pauses, until it is stopped. */
function askOthers(api, caller) {
  const times = OTHERS.map(() => []);
  let going = true;
  let peakMb = 0;
  const asking = (async () => {
    while (going) {
      for (const [at, [, path]] of OTHERS.entries()) times[at].push((await caller.call(path)).ms);
      peakMb = Math.max(peakMb, api.memoryMb());
      await pause(20);
    }
  })();
  return {
    async stop() {
      going = false;
      await asking;
      return { times, peakMb };
    },
  };
}

function pause(ms) {
  return new Promise((wake) => setTimeout(wake, ms));
}

function print({ jobs, pages, stream, restMb, peakMb, others }, first) {
  console.log(`\n${jobs} finished jobs of 200 spiders`.padEnd(46), '  p50 ms   p99 ms    ratio');
  for (const [at, { name, p50, p99 }] of pages.entries())
    row(name, [p50, p99, p50 / first.pages[at].p50], [2, 2, 2]);
  if (!stream) return;
  console.log(
    `list.jl: first byte ${stream.firstMs.toFixed(0)} ms, then ${Math.round((stream.lines / (stream.ms - stream.firstMs)) * 1000)} rows/s;`,
    `the API took ${restMb.toFixed(0)} MB before and ${peakMb.toFixed(0)} MB at most`,
  );
  console.log('other requests beside list.jl'.padEnd(45), '  before  meanwh.      p99    ratio');
  for (const { name, before, meanwhile } of others) {
    const [was, is] = [percentile(before, 0.5), percentile(meanwhile, 0.5)];
    row(name, [was, is, percentile(meanwhile, 0.99), is / was], [2, 2, 2, 2]);
  }
}

function row(name, cells, digits) {
  console.log(name.padEnd(45), cells.map((cell, at) => cell.toFixed(digits[at]).padStart(8)).join(' '));
}
