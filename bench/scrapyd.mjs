// Scrapyd's API here beside a Scrapyd from PyPI, in turn, in the same run on the same machine.
//
//   npm run build
//   DATABASE_URL=postgresql://… REDIS_URL=redis://… SPIDERHUB_PYTHON=… node bench/scrapyd.mjs --scrapyd PYTHON [--only a,b]
//
// PYTHON has Scrapyd and the same Scrapy as SPIDERHUB_PYTHON. Parts: schedule, lists, start, spiders, memory.
// Jobs are committed on both sides. Each number is a median of rounds; each part starts its servers anew.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memoryMb, startScrapyd, startSpiderhub } from './scrapyd/servers.mjs';
import { median } from './support/figures.mjs';
import { call, callsPerSecond, longestWaitMs, medianMs } from './support/http.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scrapyd: { type: 'string' },
    only: { type: 'string', default: 'schedule,lists,start,spiders,memory' },
    rounds: { type: 'string', default: '5' },
    pending: { type: 'string', default: '10000' },
  },
});
const rounds = Number(values.rounds);
const ours = process.env.SPIDERHUB_PYTHON;
const theirs = values.scrapyd;
const SPIDERS = 20;

if (positionals[0] === 'load') waitForOrders();
else await main();

async function main() {
  if (!ours || !theirs) throw new Error('set SPIDERHUB_PYTHON and --scrapyd');
  const parts = { schedule, lists, start: firstLogLine, spiders, memory };
  for (const name of values.only.split(',')) await parts[name]();
}

/** The one that makes load is a process of its own. */
function waitForOrders() {
  process.on('message', async ({ server, form, connections, ms }) =>
    process.send(await callsPerSecond(server, '/schedule.json', form, connections, ms)),
  );
}

function row(what, scrapyd, spiderhub, unit, better) {
  const ratio = better === 'more' ? spiderhub / scrapyd : scrapyd / spiderhub;
  const cells = [scrapyd, spiderhub].map((value) => value.toFixed(value < 10 ? 2 : 0).padStart(9));
  console.log(`${what.padEnd(52)} ${cells.join(' ')} ${unit.padEnd(4)} ${ratio.toFixed(1).padStart(6)}`);
}

function title(text) {
  console.log(`\n${text.padEnd(52)}   scrapyd spiderhub       ratio`);
}

async function withBoth(startTheirs, startOurs, work) {
  const found = [];
  for (const start of [startTheirs, startOurs]) {
    const server = await start();
    try {
      found.push(await work(server));
    } finally {
      await server.stop();
    }
  }
  return found;
}

async function schedule() {
  title(`schedule.json with ${values.pending} pending jobs`);
  const loader = spawn(process.execPath, [fileURLToPath(import.meta.url), 'load'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const run = async (server, connections, ms) => {
    const { url, authorization } = server;
    loader.send({ server: { url, authorization }, form: 'project=bench&spider=one&url=x', connections, ms });
    return new Promise((done) => loader.once('message', done));
  };
  // Rounds alternate between the servers: a slow minute of the machine or its disk hits both.
  const servers = [await startScrapyd(theirs, { poll: 100_000 }), await startSpiderhub(ours)];
  try {
    for (const server of servers) await fillPending(server, Number(values.pending));
    for (const connections of [1, 16]) {
      const seen = servers.map(() => []);
      for (let i = 0; i < rounds; i++) {
        for (const [n, server] of servers.entries()) seen[n].push(await run(server, connections, 1000));
      }
      const what = `jobs a second, ${connections} connection${connections > 1 ? 's' : ''}`;
      row(what, ...seen.map(median), '/s', 'more');
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  loader.kill();
}

async function fillPending(server, count) {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await call(server, '/schedule.json', { form: `project=bench&spider=one&url=x&jobid=pending-${left}` });
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

async function lists() {
  for (const count of [1000, 10_000]) {
    for (const kind of ['memory', 'sqlite']) {
      title(`${count} finished jobs, Scrapyd's in ${kind}`);
      const options = { poll: 100_000, finished: count, sqlite: kind === 'sqlite' };
      await compareLists(
        () => startScrapyd(theirs, options),
        () => startSpiderhub(ours, { finished: count }),
        1,
      );
    }
    title(`${count} pending jobs`);
    await compareLists(
      () => startScrapyd(theirs, { poll: 100_000 }),
      () => startSpiderhub(ours),
      count,
    );
  }
}

async function compareLists(startTheirs, startOurs, pending) {
  const [a, b] = await withBoth(startTheirs, startOurs, async (server) => {
    await fillPending(server, pending);
    return {
      list: await medianMs(server, '/listjobs.json', rounds * 3),
      status: await medianMs(server, '/status.json?job=pending-0', rounds * 10),
      others: await longestWaitMs(server, '/listjobs.json', '/listspiders.json?project=bench', 3000),
    };
  });
  row('listjobs.json, whole', a.list, b.list, 'ms', 'less');
  row('status.json of a pending job', a.status, b.status, 'ms', 'less');
  row('another request meanwhile, median', a.others.median, b.others.median, 'ms', 'less');
  row('another request meanwhile, longest', a.others.longest, b.others.longest, 'ms', 'less');
}

/** Answers every request with a page. */
async function startSite() {
  const site = createServer((_req, res) => res.end('<html></html>')).listen(0, '127.0.0.1');
  await new Promise((ready) => site.once('listening', ready));
  return { url: `http://127.0.0.1:${site.address().port}/`, stop: () => site.close() };
}

async function firstLogLine() {
  title("from POST to the spider's first log line");
  const site = await startSite();
  const polls = { 'default poll (5 s)': 5, 'busiest poll (0.01 s)': 0.01 };
  const [us] = await timesOf(() => startSpiderhub(ours, { worker: true }), site.url);
  for (const [name, poll] of Object.entries(polls)) {
    const [them] = await timesOf(() => startScrapyd(theirs, { poll }), site.url);
    row(name, them, us, 's', 'less');
  }
  site.stop();
}

async function timesOf(start, url) {
  const server = await start();
  try {
    const times = [];
    for (let i = 0; i <= rounds; i++) {
      // At another moment of the poll's round each time, as callers come.
      await pause((i % 5) * 1000);
      const seconds = await timeToLog(server, `first-${i}`, url);
      if (i > 0) times.push(seconds);
    }
    return [median(times)];
  } finally {
    await server.stop();
  }
}

async function timeToLog(server, job, url) {
  const startedAt = performance.now();
  await call(server, '/schedule.json', {
    form: `project=bench&spider=one&jobid=${job}&url=${encodeURIComponent(url)}`,
  });
  for (;;) {
    // Scrapyd sends more of a growing file than it has announced, which no client takes.
    const log = await call(server, `/logs/bench/one/${job}.log`).catch(() => null);
    if (log?.status === 200 && log.text().includes('INFO: begins'))
      return (performance.now() - startedAt) / 1000;
    await pause(10);
  }
}

async function spiders() {
  title(`${SPIDERS} spiders of one request on two slots, until all have finished`);
  const site = await startSite();
  const measured = async (start) => {
    const server = await start();
    try {
      await pause(1000);
      return await timeOfAll(server, site.url);
    } finally {
      await server.stop();
    }
  };
  const us = await measured(() => startSpiderhub(ours, { worker: true }));
  for (const poll of [5, 0.01]) {
    row(`poll of ${poll} s`, await measured(() => startScrapyd(theirs, { poll })), us, 's', 'less');
  }
  site.stop();
}

async function timeOfAll(server, url) {
  const startedAt = performance.now();
  for (let i = 0; i < SPIDERS; i++) {
    await call(server, '/schedule.json', {
      form: `project=bench&spider=one&jobid=all-${i}&url=${encodeURIComponent(url)}`,
    });
  }
  for (;;) {
    const { finished } = JSON.parse((await call(server, '/daemonstatus.json')).text());
    if (finished === SPIDERS) return (performance.now() - startedAt) / 1000;
    await pause(20);
  }
}

async function memory() {
  title('idle memory (without Postgres and Redis)');
  const [a, b] = await withBoth(
    () => startScrapyd(theirs),
    () => startSpiderhub(ours, { worker: true }),
    async (server) => {
      await pause(5000);
      return memoryMb(server.pids());
    },
  );
  row('all processes', a, b, 'MB', 'less');
}

function pause(ms) {
  return new Promise((wake) => setTimeout(wake, ms));
}
