// What a tenant that takes all it can get costs its neighbour: B's calls beside nothing, beside A's 5,000 requests a second,
// beside A's 100,000 jobs and beside A's hundred downloads. One API process with the default service limits, and a worker.
//
//   npm run build && node bench/neighbours.mjs [--seconds 10] [--requests 5000] [--jobs 100000] [--streams 100]
//
// A and B are organisations with a project and a key each. B schedules, lists, reads items and counts in turn, one call at a
// time on one connection, from a process of its own; its p50 may rise by half. A's calls come from another process that gives
// way to the service (nice), since real tenants have machines of their own. Rounds alternate between quiet and noisy, so that
// what a shared machine does meanwhile meets both.
import { execFileSync, spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, percentile } from './support/figures.mjs';
import { besideServers, CHECKOUT, startService } from './support/service.mjs';

const self = fileURLToPath(import.meta.url);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    requests: { type: 'string', default: '5000' },
    jobs: { type: 'string', default: '100000' },
    streams: { type: 'string', default: '100' },
    finished: { type: 'string', default: '100000' },
    connections: { type: 'string', default: '200' },
    downloads: { type: 'string', default: 'list,items' },
  },
});
/** B's p50 beside A may be so many times what it is alone. */
const GOAL = 1.5;
const ITEMS = 20_000;

if (positionals[0] === 'noise') makeNoise();
else if (positionals[0] === 'neighbour') callInTurn();
else await besideServers(measure);

async function measure() {
  const service = await startService({ LIMIT_REQUESTS_PER_SECOND: '' });
  const children = [];
  try {
    const a = await tenant(service, 'a', Number(values.finished));
    const b = await tenant(service, 'b', 100);
    const noise = child('noise', children);
    const neighbour = child('neighbour', children);
    const quiet = () => ask(neighbour, { ...b, ms: Number(values.seconds) * 1000 });
    await ask(neighbour, { ...b, ms: 3000 }); // until it is compiled
    const rows = [];
    for (const [name, orders] of Object.entries(noises(a))) {
      const [alone, beside, made] = [[], [], []];
      for (let round = 0; round < Number(values.rounds); round += 1) {
        alone.push(await quiet());
        const began = ask(noise, orders);
        await new Promise((wake) => setTimeout(wake, 1000));
        beside.push(await quiet());
        noise.send({ stop: true });
        made.push(await began);
      }
      rows.push(rowOf(name, alone, beside, made));
    }
    print(rows);
  } finally {
    for (const one of children) one.kill();
    await service.stop();
  }
}

/** An organisation, a project with a spider, jobs that are over, and items of the first. */
async function tenant(service, name, finished) {
  const cli = join(CHECKOUT, 'apps/cli/dist/main.js');
  const admin = (...words) =>
    JSON.parse(
      execFileSync(process.execPath, [cli, 'admin', ...words, '--json'], {
        env: { ...process.env, DATABASE_URL: service.databaseUrl, SPIDERHUB_HOME: service.home },
      }),
    );
  admin('organisation', 'create', '--name', name);
  // Paused: what is measured is the API, not who crawls first.
  const project = admin('project', 'create', '--name', name, '--organisation', name, '--paused').id;
  const { key } = admin('key', 'create', '--project', String(project));
  const { url } = service;
  const headers = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
  const push = { spider: 'demo', state: 'running' };
  await fetch(`${url}/storage/jobq/${project}/push`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(push),
  });
  const lines = Array.from({ length: ITEMS }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(200) })).join(
    '\n',
  );
  const written = await fetch(`${url}/storage/items/${project}/1/1`, {
    method: 'POST',
    headers,
    body: `${lines}\n`,
  });
  if (!written.ok) throw new Error(await written.text());
  await service.database((db) =>
    db.raw(
      `insert into jobs (project_id, spider, number, state, attempt, priority, finished_at, state_since)
       select ?, 1, n + 1, 'finished', 1, 2, now(), now() - n * interval '1 s' from generate_series(1, ?::int) n`,
      [project, finished],
    ),
  );
  await service.database((db) =>
    db.raw('update spiders set next_job = ? where project_id = ?', [finished + 2, project]),
  );
  await service.database((db) => db.raw('analyze jobs'));
  return { url, project, authorization: headers.authorization };
}

function noises(a) {
  const list = `/api/jobs/list.json?project=${a.project}&count=10`;
  const downloads = {
    list: `/api/jobs/list.jl?project=${a.project}`,
    items: `/storage/items/${a.project}/1/1?format=jl`,
  };
  const common = { ...a, connections: Number(values.connections) };
  return {
    [`${values.requests} requests a second`]: { ...common, path: list, perSecond: Number(values.requests) },
    [`schedules ${values.jobs} jobs`]: {
      ...common,
      path: '/api/schedule.json',
      form: `project=${a.project}&spider=demo`,
      most: Number(values.jobs),
    },
    ...Object.fromEntries(
      values.downloads
        .split(',')
        .map((what) => [
          `${values.streams} downloads of ${what}`,
          { ...common, path: downloads[what], connections: Number(values.streams), isDownload: true },
        ]),
    ),
  };
}

function rowOf(name, alone, beside, made) {
  const of = (rounds, field) => median(rounds.map((round) => round[field]));
  return {
    name,
    alone: of(alone, 'p50'),
    beside: of(beside, 'p50'),
    p99: of(beside, 'p99'),
    taken: of(made, 'taken'),
    refused: of(made, 'refused'),
    bad: alone.concat(beside).reduce((sum, { bad }) => sum + bad, 0),
  };
}

function print(rows) {
  console.log(
    'A                                B alone p50   beside A p50   times   p99 ms   A taken/s   A refused/s',
  );
  for (const { name, alone, beside, p99, taken, refused, bad } of rows) {
    const cells = [alone.toFixed(2), beside.toFixed(2), (beside / alone).toFixed(2), p99.toFixed(1)];
    const rates = [taken.toFixed(0), refused.toFixed(0)];
    const verdict = beside / alone <= GOAL ? 'reached' : 'missed';
    console.log(
      name.padEnd(32) +
        [13, 15, 8, 9].map((width, i) => cells[i].padStart(width)).join('') +
        rates.map((cell, i) => cell.padStart([12, 14][i])).join('') +
        `   at most ${GOAL}: ${verdict}${bad > 0 ? `, ${bad} of B's calls were refused` : ''}`,
    );
  }
}

function child(role, children) {
  const args = [self, role, ...process.argv.slice(2)];
  const made = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(made);
  return made;
}

function ask(one, order) {
  one.send(order);
  return new Promise((done) => one.once('message', done));
}

/** B: one call after the other. */
function callInTurn() {
  process.on('message', async ({ url, project, authorization, ms }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const calls = [
      { path: '/api/schedule.json', form: `project=${project}&spider=demo` },
      { path: `/api/jobs/list.json?project=${project}&count=10` },
      { path: `/storage/items/${project}/1/1?format=jl&count=10` },
      { path: `/api/jobs/count.json?project=${project}` },
    ];
    const times = [];
    let bad = 0;
    const until = performance.now() + ms;
    for (let i = 0; performance.now() < until; i += 1) {
      const from = performance.now();
      const unique = calls[i % 4].form
        ? { ...calls[i % 4], form: `${calls[i % 4].form}&n=${i}-${from}` }
        : calls[i % 4];
      if ((await send(url, authorization, unique, agent)) !== 200) bad += 1;
      times.push(performance.now() - from);
      // A client that does something with its answers.
      await new Promise((wake) => setTimeout(wake, 2));
    }
    agent.destroy();
    process.send({ p50: median(times), p99: percentile(times, 0.99), calls: times.length, bad });
  });
}

/** A: as many calls as it can make, on all of its connections, until it is told to stop. */
function makeNoise() {
  setPriority(10);
  let isOver = true;
  process.on('message', async (order) => {
    if (order.stop) {
      isOver = true;
      return;
    }
    isOver = false;
    const { url, authorization, path, form, connections, perSecond = Number.POSITIVE_INFINITY, most } = order;
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    let taken = 0;
    let refused = 0;
    let sent = 0;
    const began = performance.now();
    async function run() {
      while (!isOver && taken < (most ?? Number.POSITIVE_INFINITY)) {
        if (sent >= ((performance.now() - began) / 1000) * perSecond) {
          await new Promise((wake) => setTimeout(wake, 5));
          continue;
        }
        sent += 1;
        const body = form && `${form}&n=${sent}-${began}`;
        const status = await send(url, authorization, { path, form: body }, agent).catch(() => 0);
        if (status === 200) taken += 1;
        else refused += 1;
      }
    }
    await Promise.all(Array.from({ length: connections }, run));
    agent.destroy();
    const seconds = (performance.now() - began) / 1000;
    process.send({ taken: taken / seconds, refused: refused / seconds });
  });
}

function send(base, authorization, { path, form }, agent) {
  const headers = { authorization };
  if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  return new Promise((done, fail) => {
    const outgoing = request(
      `${base}${path}`,
      { method: form === undefined ? 'GET' : 'POST', headers, agent },
      (incoming) => {
        incoming.on('error', fail);
        incoming.on('data', () => {});
        incoming.on('end', () => done(incoming.statusCode));
      },
    );
    outgoing.on('error', fail);
    outgoing.end(form);
  });
}
