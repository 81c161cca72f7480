// What the box costs, beside ISOLATION=none, in alternating rounds on two services that are alike otherwise:
//
//   npm run build
//   node bench/isolation.mjs [--rounds 15] [--pages 1000]
//
//   warm, cold   ms at the median from the POST until the first log line can be read, forked and with a new Python
//   cpu          processor ms of all processes of one crawl until it has worked for two seconds
//   memory       MB by which a crawl that works makes all Python processes larger together: a page that several share counts once
//   twenty       seconds for twenty short crawls on two slots
//   pages        seconds for a crawl of so many pages
//
// Processes are told by when they began, so nothing else is to be started on the machine meanwhile.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { besideServers, CHECKOUT, median, startService } from './support/service.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, pages: { type: 'string', default: '1000' } },
});
const ROUNDS = Number(values.rounds);
const MS_PER_TICK = 10;
const MB = 1000 * 1000;

await besideServers(async () => {
  const warm = await startBoth({ CRAWL_START: 'fork' });
  try {
    console.log('measure          none       box     ratio   difference');
    const first = await alternate(warm, ROUNDS, firstLine);
    row('warm, ms', first, { ratio: 1.3, more: 40 });
    await withBoth({ CRAWL_START: 'cold' }, async (cold) => {
      row('cold, ms', await alternate(cold, Math.ceil(ROUNDS / 3), firstLine));
    });
    const use = await alternate(warm, 5, usage);
    row('cpu, ms', part(use, 'cpu'));
    row('memory, MB', part(use, 'memory'), { more: 3 });
    row('twenty, s', await alternate(warm, 3, twenty));
    for (const { service } of warm) await service.deploy(join(CHECKOUT, 'examples/demo-project'));
    row(`${values.pages} pages, s`, await alternate(warm, 5, pages), { ratio: 1.02 });
  } finally {
    for (const { service } of warm) await service.stop();
  }
});

async function startBoth(env) {
  const all = [];
  for (const isolation of ['none', 'box']) {
    const service = await startService({ ISOLATION: isolation, DEMO_SITE: 'true', ...env });
    await service.deploy(join(CHECKOUT, 'bench/project'));
    all.push({ isolation, service });
  }
  return all;
}

async function withBoth(env, work) {
  const both = await startBoth(env);
  try {
    await work(both);
  } finally {
    for (const { service } of both) await service.stop();
  }
}

/** Measures each service in turn, the other one first in every second round; the first round only warms up. */
async function alternate(both, rounds, measure) {
  const results = { none: [], box: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const { isolation, service } of round % 2 ? both : both.toReversed()) {
      const result = await measure(service);
      if (round > 0) results[isolation].push(result);
    }
  }
  return results;
}

function part({ none, box }, name) {
  return { none: none.map((one) => one[name]), box: box.map((one) => one[name]) };
}

function row(name, results, target = {}) {
  const [none, box] = [median(results.none), median(results.box)];
  const [ratio, more] = [box / none, box - none];
  const cells = [none, box, ratio, more].map((number) => number.toFixed(2).padStart(10)).join('');
  const isMet = !(ratio > target.ratio) && !(more > target.more);
  const wanted = [
    target.ratio && `at most ${target.ratio} times`,
    target.more && `at most ${target.more} more`,
  ].filter(Boolean);
  const verdict = wanted.length > 0 ? `   target ${wanted.join(' and ')}: ${isMet ? 'met' : 'MISSED'}` : '';
  console.log(`${name.padEnd(12)}${cells}${verdict}`);
}

async function schedule(service, spider, more = {}) {
  const form = new URLSearchParams({ project: service.project, spider, run: Math.random(), ...more });
  return (await service.json('/api/schedule.json', form)).jobid;
}

async function finished(service, jobid) {
  for (;;) {
    const { state, close_reason: reason } = await service.json(`/storage/jobs/${jobid}?format=json`);
    if (state === 'finished' && reason !== 'finished') throw new Error(`${jobid} ended as ${reason}`);
    if (state === 'finished') return;
    await sleep(15);
  }
}

async function firstLine(service) {
  const began = performance.now();
  const jobid = await schedule(service, 'few', { seconds: '0.3' });
  for (;;) {
    const records = await service.json(`/storage/logs/${jobid}?count=1&format=json`);
    if (records.length > 0) break;
  }
  const took = performance.now() - began;
  await finished(service, jobid);
  return took;
}

/** Of one crawl when it has worked for two seconds. */
async function usage(service) {
  const before = new Set(pids());
  const heldBefore = heldByPythons();
  const jobid = await schedule(service, 'few', { seconds: '4' });
  for (;;) {
    const records = await service.json(`/storage/items/${jobid}?count=1&format=json`);
    if (records.length > 0) break;
  }
  await sleep(2000);
  const own = pids().filter((pid) => !before.has(pid));
  const result = { cpu: sum(own.map(cpuOf)), memory: (heldByPythons() - heldBefore) / MB };
  await finished(service, jobid);
  return result;
}

async function twenty(service) {
  const began = performance.now();
  const jobs = [];
  for (let i = 0; i < 20; i++) jobs.push(await schedule(service, 'few', { seconds: '0.2' }));
  for (const job of jobs) await finished(service, job);
  return (performance.now() - began) / 1000;
}

async function pages(service) {
  const site = `${service.url}/demo/bench/${values.pages}`;
  const began = performance.now();
  const jobid = await schedule(service, 'books', { job_settings: JSON.stringify({ DEMO_SITE_URL: site }) });
  await finished(service, jobid);
  return (performance.now() - began) / 1000;
}

function pids() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function cpuOf(pid) {
  // Behind the name, which may hold anything: the 14th and 15th fields of the line.
  const fields = textOf(pid, 'stat').split(') ').at(-1).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK;
}

/**
 * With the server from which crawls are forked: each more process that shares its pages takes a part of them over, and
 * would look as if it had more, while the machine has not.
 */
function heldByPythons() {
  return sum(
    pids()
      .filter((pid) => textOf(pid, 'cmdline').includes('python'))
      .map(pssOf),
  );
}

function pssOf(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(textOf(pid, 'smaps_rollup'))?.[1] ?? 0) * 1024;
}

function textOf(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
