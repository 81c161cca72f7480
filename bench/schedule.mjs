// How many jobs a second `POST /api/schedule.json` takes, beside a constant answer of a plain Express 5 app and of
// plain node:http, in the same run on the same machine. The API runs once as one process and once as two
// (API_PROCESSES=2), each on a database of its own.
//
//   npm run build
//   DATABASE_URL=postgresql://… REDIS_URL=redis://… node bench/schedule.mjs [--rounds 5] [--seconds 2] [--quota 0.2]
//
// With a quota, each process of the API is held to that share of a core (cgroups, as root): what two processes add is then
// seen also on a machine where PostgreSQL and the loader need the cores that a second one would have.
//
// Each server is a process of its own and so is the one that loads them, with as many keep-alive connections as the
// table says, one request at a time on each. Rounds alternate between the servers; medians are shown. Every
// scheduled job is committed in a fresh database, and they are counted there in the end. The last column is the
// processor time of the server's own processes: it says what a request costs also where the cores are shared.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuMs } from './support/cpu.mjs';
import { capEach, childrenOf } from './support/cpu-quota.mjs';

const self = fileURLToPath(import.meta.url);
const checkout = resolve(dirname(self), '..');
const fromApi = createRequire(join(checkout, 'apps/api/package.json'));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '1,16,64' },
    quota: { type: 'string' },
  },
});

const ONE = 'spiderhub';
const TWO = 'spiderhub x 2';
const QUOTA = values.quota === undefined ? null : Number(values.quota);
/** Two processes of the API, the loader and PostgreSQL. */
const CORES_FOR_TWO = 4;

const roles = { express: serveExpress, shaped: serveShaped, http: serveHttp, load: waitForOrders };
await (roles[positionals[0]] ?? compare)();

function serveExpress() {
  const app = fromApi('express')();
  app.post('/', (_req, res) => res.json({ status: 'ok', jobid: '1/1/1' }));
  const server = app.listen(0, '127.0.0.1', () => process.send({ url: addressOf(server) }));
}

/** The same app behind our own server, whose requests are born in the shape that Express gives them (ADR 13). */
function serveShaped() {
  const { createHttpServer } = fromApi('./dist/http/server.js');
  const app = fromApi('express')();
  app.post('/', (_req, res) => res.json({ status: 'ok', jobid: '1/1/1' }));
  const server = createHttpServer(app);
  server.listen(0, '127.0.0.1', () => process.send({ url: addressOf(server) }));
}

function serveHttp() {
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok","jobid":"1/1/1"}');
  });
  server.listen(0, '127.0.0.1', () => process.send({ url: addressOf(server) }));
}

function addressOf(server) {
  return `http://127.0.0.1:${server.address().port}`;
}

/** The loader measures when it is told to, so that it starts once. */
function waitForOrders() {
  process.on('message', async (order) => process.send(await load(order)));
}

let counter = 0;

/** Sends `order.form` with a fresh `n` again and again on each connection, for `order.ms`. */
async function load({ url, path, form, headers, connections, ms }) {
  const { port } = new URL(url);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}Content-Type: application/x-www-form-urlencoded\r\n`;
  const latencies = [];
  let bad = 0;
  const endAt = performance.now() + ms;

  function run() {
    return new Promise((done, fail) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
      let sentAt = 0;
      let text = '';
      function send() {
        counter += 1;
        const body = `${form}&n=${counter}`;
        sentAt = performance.now();
        socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
      }
      socket.on('connect', send).on('error', fail).setEncoding('latin1');
      socket.on('data', (chunk) => {
        text += chunk;
        if (!isWhole(text)) return;
        const now = performance.now();
        latencies.push(now - sentAt);
        if (!text.startsWith('HTTP/1.1 200')) bad += 1;
        text = '';
        if (now < endAt) send();
        else socket.end(() => done());
      });
    });
  }

  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, run));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    rps: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    requests: latencies.length,
    bad,
  };
}

function isWhole(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length);
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

async function compare() {
  const apis = { [ONE]: await startApi(1), [TWO]: await startApi(2) };
  const express = await start(self, ['express']);
  const shaped = await start(self, ['shaped']);
  const http = await start(self, ['http']);
  const loader = spawn(process.execPath, [self, 'load'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { form, headers } = apis[ONE];
  const servers = {
    ...apis,
    'express hello': { url: express.url, path: '/', form, headers, pid: express.child.pid },
    'express, shaped': { url: shaped.url, path: '/', form, headers, pid: shaped.child.pid },
    'node:http hello': { url: http.url, path: '/', form, headers, pid: http.child.pid },
  };
  try {
    const results = await measureAll(servers, loader);
    print(results);
    judge(results);
    for (const [name, api] of Object.entries(apis)) await checkJobs(name, api);
  } finally {
    for (const child of [loader, express.child, shaped.child, http.child]) child.kill();
    for (const api of Object.values(apis)) await api.stop();
  }
}

async function measureAll(servers, loader) {
  const results = new Map();
  async function measure(name, connections, ms) {
    const { url, path, form, headers, pid } = servers[name];
    const before = cpuMs(pid);
    loader.send({ url, path, form, headers, connections, ms });
    const result = await new Promise((done) => loader.once('message', done));
    if (result.bad > 0) throw new Error(`${name}: ${result.bad} answers were not 200`);
    servers[name].answers = (servers[name].answers ?? 0) + result.requests;
    return { ...result, cpu: (cpuMs(pid) - before) / result.requests };
  }
  const levels = values.connections.split(',').map(Number);
  for (const name of Object.keys(servers)) await measure(name, 64, 10_000); // until it is compiled
  for (const server of Object.values(servers)) server.cap?.();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const connections of levels) {
      for (const name of Object.keys(servers)) {
        const key = `${name}|${connections}`;
        const found = await measure(name, connections, Number(values.seconds) * 1000);
        results.set(key, [...(results.get(key) ?? []), found]);
      }
    }
  }
  return results;
}

function medianOf(rounds, field) {
  return quantile(
    rounds.map((round) => round[field]).sort((a, b) => a - b),
    0.5,
  );
}

function print(results) {
  console.log('server            connections   requests/s      p50 ms      p99 ms  CPU ms/request');
  for (const [key, rounds] of results) {
    const [name, connections] = key.split('|');
    const figures = [
      medianOf(rounds, 'rps').toFixed(0),
      medianOf(rounds, 'p50').toFixed(2),
      medianOf(rounds, 'p99').toFixed(2),
      medianOf(rounds, 'cpu').toFixed(3),
    ];
    console.log(
      name.padEnd(18) + connections.padStart(11) + figures.map((cell) => cell.padStart(12)).join(' '),
    );
  }
}

/** Whether two processes do what two should, at the highest number of connections. */
function judge(results) {
  const most = values.connections.split(',').at(-1);
  const [one, two, hello] = [ONE, TWO, 'express hello'].map((name) => results.get(`${name}|${most}`));
  const times = medianOf(two, 'rps') / medianOf(one, 'rps');
  const cores = availableParallelism();
  const verdict =
    QUOTA === null && cores < CORES_FOR_TWO
      ? `${cores} cores, on which the loader and PostgreSQL run too, have no room for a second process`
      : times >= 1.7
        ? 'at least 1.7: reached'
        : 'at least 1.7: missed';
  if (QUOTA !== null) console.log(`\neach process of the API is held to ${QUOTA} of a core`);
  console.log(`\ntwo processes take ${times.toFixed(2)} times the requests of one (${verdict})`);
  const cpu = (rounds) => medianOf(rounds, 'cpu');
  console.log(
    `CPU ms a request at ${most} connections: one ${cpu(one).toFixed(3)}, two ${cpu(two).toFixed(3)} ` +
      `(all their processes together), Express's hello ${cpu(hello).toFixed(3)}`,
  );
}

async function checkJobs(name, api) {
  const stored = await api.countJobs();
  console.log(`${name}: ${api.answers} answers, ${stored} jobs in the database`);
  if (stored !== api.answers) throw new Error('an answered job is missing in the database');
}

/** Our API as `npm start` and the compose file run it, log lines included, on a database of its own. */
async function startApi(processes) {
  const { createDatabase, createAdminStore, createVersionStore, migrate } = fromApi('@spiderhub/db');
  const { COMMAND, hashApiKey, newApiKey } = fromApi('@spiderhub/core');
  const server = new URL(process.env.DATABASE_URL);
  const name = `spiderhub_bench_${randomBytes(4).toString('hex')}`;
  const own = new URL(server);
  own.pathname = `/${name}`;
  const admin = createDatabase(server.href);
  await admin.raw(`create database ${name}`);
  await migrate(own.href, join(checkout, 'migrations'));
  const database = createDatabase(own.href);
  const home = mkdtempSync(join(tmpdir(), 'spiderhub-bench-'));
  const { project, key } = await makeProject(createAdminStore(database), hashApiKey, newApiKey);
  await createVersionStore(database).save(COMMAND, {
    project,
    name: '1',
    eggSha256: '',
    image: null,
    eggSizeBytes: 0,
    extraEggs: [],
    requirements: null,
    stack: null,
    settingsModule: 'demo.settings',
    spiders: ['demo'],
    scripts: [],
    deployedBy: 'bench',
  });
  const env = {
    ...process.env,
    DATABASE_URL: own.href,
    SPIDERHUB_HOME: home,
    PORT: '0',
    QUEUE_PREFIX: name,
    SCRAPYD_PORT: '0',
    API_PROCESSES: String(processes),
    // Counted like any other, and never refused.
    LIMIT_REQUESTS_PER_SECOND: '1000000',
  };
  const log = openSync('/dev/null', 'w');
  const api = await start(join(checkout, 'apps/api/dist/main.js'), [], {
    env,
    stdout: log,
  });
  let uncap = () => {};
  return {
    url: api.url,
    path: '/api/schedule.json',
    pid: api.child.pid,
    form: `project=${project}&spider=demo&add_tag=bench&priority=3`,
    headers: `Authorization: Basic ${Buffer.from(`${key}:`).toString('base64')}\r\n`,
    cap() {
      if (QUOTA !== null)
        uncap = capEach(processes === 1 ? [api.child.pid] : childrenOf(api.child.pid), QUOTA);
    },
    async countJobs() {
      const { rows } = await database.raw('select count(*)::int as count from jobs');
      return rows[0].count;
    },
    async stop() {
      api.child.kill();
      await new Promise((done) => api.child.once('exit', done));
      uncap();
      await database.destroy();
      await admin.raw(`drop database ${name} with (force)`);
      await admin.destroy();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function makeProject(admin, hashApiKey, newApiKey) {
  await admin.createOrganisation('bench');
  const project = await admin.createProject({ id: null, organisation: 'bench', name: 'bench', paused: true });
  const key = newApiKey();
  const owner = { user: null, project: project.value.id, staff: false };
  await admin.createKey({ hash: hashApiKey(key), hint: key.slice(0, 4), ...owner });
  return { project: project.value.id, key };
}

async function start(script, args, { env = process.env, stdout = 'inherit' } = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    env,
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  });
  const { url } = await new Promise((done, fail) => {
    child.once('message', done);
    child.once('exit', (code) => fail(new Error(`${script} ended with ${code}`)));
  });
  return { url, child };
}
