// What deleting costs: jobs with streams go through jobs/delete.json with a grace of 0, and the leader frees them while
// other jobs are scheduled. Shows how long that takes, what is left, and the rate of schedules with it and without, in
// alternating rounds of one run.
//
//   npm run build
//   node bench/delete.mjs [--jobs 100000] [--rounds 5]
//
// With STORAGE_URL and its keys the streams and reports are objects of that bucket, which should be empty.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillStreams, leftOfStreams } from './delete/streams.mjs';
import { besideServers, CHECKOUT, median, startService } from './support/service.mjs';

const SPIDERS = 20;
const CONNECTIONS = 16;
const DELETE_AT_ONCE = 1000;
/** How long schedules are counted in each half of a round, ms. */
const WINDOW_MS = 12_000;
/** Streams outlive the rows of their job for a moment: the second half of the work begins only then, ms. */
const STREAMS_AFTER_MS = 12_000;

const load = (name) => createRequire(import.meta.url)(join(CHECKOUT, name, 'dist/index.js'));

if (process.send) process.on('message', async (order) => process.send(await schedules(order)));
else await besideServers(main);

async function main() {
  const { values } = parseArgs({
    options: { jobs: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } },
  });
  const [jobs, rounds] = [Number(values.jobs), Number(values.rounds)];
  const service = await startService({ DELETE_GRACE_DAYS: '0', LOG_LEVEL: 'warn' });
  const { createDatabase, createSegmentIndex, createVersionStore } = load('packages/db');
  const database = createDatabase(service.databaseUrl);
  const settings = { ...process.env, SPIDERHUB_HOME: service.home, CACHE_BYTES: 0, GARBAGE_HOURS: 1 };
  service.storage = load('packages/storage').openStorage(settings, { index: createSegmentIndex(database) });
  try {
    await prepare({ database, createVersionStore, service });
    const filled = await timed(() => fill({ database, service, jobs }));
    say(`${jobs} jobs with two streams each were made in ${seconds(filled)}`);
    await measure({ database, service, jobs, rounds });
    await report({ database, service });
  } finally {
    await database.destroy();
    await service.stop();
  }
}

/** Jobs that wait for ever, so that nothing but schedules and deletions goes on. */
async function prepare({ database, createVersionStore, service: { project } }) {
  const { COMMAND } = load('packages/core');
  await createVersionStore(database).save(COMMAND, {
    project,
    name: '1.0',
    eggSha256: 'none',
    image: null,
    eggSizeBytes: 0,
    extraEggs: [],
    requirements: null,
    stack: null,
    settingsModule: 'bench.settings',
    spiders: Array.from({ length: SPIDERS }, (_, n) => `s${n}`),
    scripts: [],
    deployedBy: 'bench',
  });
  await database('projects').where({ id: project }).update({ paused: true });
}

async function fill({ database, service, jobs }) {
  const { project } = service;
  const each = Math.ceil(jobs / SPIDERS);
  await database.raw(
    `insert into jobs (project_id, spider, number, state, attempt, priority, version, close_reason, tags, alias,
      state_since, pending_at, running_at, finished_at, scheduled_by, started_by, completed_by, items, pages, logs)
    select :project, s, n, 'finished', 1, 2, '1.0', 'finished', '{a,b}', 'name-' || s || '-' || n,
      t, t - interval '1 m', t - interval '30 s', t, 'bench', 'jobrunner', 'jobrunner', 10, 12, 20
    from generate_series(1, :spiders::int) s, generate_series(1, :each::int) n,
      lateral (select now() - (n || ' s')::interval as t) x`,
    { project, spiders: SPIDERS, each },
  );
  await database.raw(`
    insert into job_details (job_id, args, settings, scrapy_stats) select id, '{"a":"1"}', '{}', '{"n":1}' from jobs;
    insert into job_meta (job_id, name, value) select id, 'note', '"x"' from jobs;
    insert into job_attempts (job_id, attempt, worker, close_reason, items, pages, logs, errors)
      select id, 1, 'w', 'finished', 10, 12, 20, 0 from jobs;
    insert into comments (job_id, item, text, created_by) select id, 0, 'c', 'bench' from jobs where id % 100 = 0;
    update spiders set next_job = ${each + 1};
    analyze`);
  await fillReports(database, service);
  await fillStreams({ database, service, spiders: SPIDERS, each });
}

/** A file for each thousandth job, stored long ago. */
async function fillReports(database, { home, storage: { blobs } }) {
  const source = join(home, 'report');
  for (const { id } of await database('jobs').whereRaw('id % 1000 = 0').select('id')) {
    writeFileSync(source, `report of ${id}`);
    const { sha256, sizeBytes } = await blobs.putFile(source);
    await database('reports').insert({
      job_id: id,
      key: 'r',
      content_type: 'text/plain',
      sha256,
      size_bytes: sizeBytes,
      created_by: 'bench',
    });
    // The leader may have noticed it by now.
    await database.raw(
      `insert into blobs (sha256, size_bytes, last_used) values (?, ?, now() - interval '2 days')
       on conflict (sha256) do update set last_used = excluded.last_used`,
      [sha256, sizeBytes],
    );
  }
}

async function measure({ database, service, jobs, rounds }) {
  const loader = fork(fileURLToPath(import.meta.url));
  const rates = { with: [], without: [] };
  const times = [];
  const each = Math.ceil(jobs / SPIDERS);
  const ofRound = Math.ceil(each / rounds);
  const rate = async (ms) => {
    loader.send({ url: service.url, project: service.project, headers: service.headers, ms });
    const [sent] = await once(loader, 'message');
    return sent.count / (ms / 1000);
  };
  try {
    await rate(3000);
    for (let round = 0; round < rounds; round++) {
      rates.without.push(await rate(WINDOW_MS));
      const asked = await timed(() =>
        remove(service, round * ofRound + 1, Math.min(each, (round + 1) * ofRound)),
      );
      const began = performance.now();
      const rows = await rate(WINDOW_MS);
      const early = await left(database);
      if (performance.now() - began < STREAMS_AFTER_MS) await sleep(STREAMS_AFTER_MS);
      const files = await rate(WINDOW_MS);
      const late = await left(database);
      if (early.rows + early.streams === 0) say('  (freed before the window ended)');
      rates.with.push(rows, files);
      while (Object.values(await left(database)).some((n) => n > 0)) await sleep(3000);
      times.push(performance.now() - began);
      say(
        `round ${round + 1}: ${Math.round(rates.without.at(-1))}/s without, ${Math.round(rows)}/s and ` +
          `${Math.round(files)}/s while ${early.rows} rows, then ${late.streams} jobs' streams were left; ` +
          `asked for in ${seconds(asked)}, all gone after ${seconds(times.at(-1))}`,
      );
    }
  } finally {
    loader.kill();
  }
  const [without, during] = [median(rates.without), median(rates.with)];
  say(`\nschedules/s, medians: ${Math.round(without)} without, ${Math.round(during)} with deletions`);
  say(`ratio ${(during / without).toFixed(3)}; target: at least 0.9`);
}

/** Deletes the jobs with these numbers of every spider, as a caller does. */
async function remove({ project, call }, first, last) {
  const keys = [];
  for (let spider = 1; spider <= SPIDERS; spider++)
    for (let job = first; job <= last; job++) keys.push(`${project}/${spider}/${job}`);
  for (let at = 0; at < keys.length; at += DELETE_AT_ONCE) {
    const form = new URLSearchParams([['project', project]]);
    for (const key of keys.slice(at, at + DELETE_AT_ONCE)) form.append('job', key);
    const answer = await call('/api/jobs/delete.json', form);
    if (answer.status !== 200) throw new Error(`delete.json: ${answer.status} ${await answer.text()}`);
  }
}

async function left(database) {
  const { rows } = await database.raw(`select
    (select count(*)::int from jobs where state = 'deleted') as rows,
    (select count(*)::int from streams_to_free) as streams`);
  return rows[0];
}

async function report({ database, service }) {
  const { collectBlobs } = load('packages/core');
  const { createBlobLedger } = load('packages/db');
  // The leader does so once an hour.
  const removed = await collectBlobs(service.storage.blobs, createBlobLedger(database));
  const { rows } = await database.raw(`select
    (select count(*)::int from jobs where state <> 'pending') as jobs,
    (select count(*)::int from job_details d where not exists (select from jobs j where j.id = d.job_id)) as details,
    (select count(*)::int from job_meta) as meta, (select count(*)::int from job_attempts) as attempts,
    (select count(*)::int from comments) as comments, (select count(*)::int from reports) as reports,
    (select count(*)::int from streams_to_free) as "streams to free", (select count(*)::int from blobs) as blobs,
    (select count(*)::int from job_tombstones) as tombstones`);
  const { tombstones, ...rest } = rows[0];
  say(`\nleft: ${JSON.stringify({ ...rest, ...(await leftOfStreams({ database, service })) })}`);
  say(`blobs removed: ${removed}; names that stay taken: ${tombstones}`);
}

/** In a process of its own: schedules again and again, one request at a time on each connection. */
async function schedules({ url, project, headers, ms }) {
  const { port } = new URL(url);
  const body = `project=${project}&spider=s1&n=`;
  const head =
    `POST /api/schedule.json HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${headers.authorization}\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\n';
  const until = performance.now() + ms;
  let count = 0;
  const run = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
      let text = '';
      const send = () => {
        const form = body + Math.random();
        socket.write(`${head}Content-Length: ${form.length}\r\n\r\n${form}`);
      };
      socket.setEncoding('latin1').on('connect', send).on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk;
        const headEnd = text.indexOf('\r\n\r\n');
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
        if (headEnd < 0 || text.length < headEnd + 4 + length) return;
        if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text.slice(0, 300)));
        text = '';
        count += 1;
        if (performance.now() < until) return send();
        socket.destroy();
        resolve();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, run));
  return { count };
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
