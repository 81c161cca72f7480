// How long it takes until a crawl shows its first sign, from the POST that schedules it, in ms at the median:
//
//   npm run build
//   node bench/first-line.mjs [--rounds 15]
//   node bench/first-line.mjs --stacks 2.13,2.18     warm crawls on these beside warm ones on the base environment
//   node bench/first-line.mjs --stacks 2.13 --requirements cowsay==6.1     all of them with what a project has installed, too
//
//   answer     schedule.json has answered
//   running    the job's worker has claimed it
//   written    the time that the crawl itself put into its first log line
//   readable   the first log line came over the storage API
//   item       its first item did
//
// Warm crawls are forked from a Python that has imported Scrapy already; cold ones (CRAWL_START=cold) start their own.
// Readers ask again as soon as they have an answer, so what they add is one request.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { besideServers, CHECKOUT, median, startService } from './support/service.mjs';

/** The first crawl of a worker unpacks the egg; on a stack it also starts the server that later ones fork from. */
const IDLE_ROUNDS = 4;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    stacks: { type: 'string' },
    requirements: { type: 'string' },
  },
});
const STEPS = ['answer', 'running', 'written', 'readable', 'item'];
const TARGETS = { written: 100, readable: 150 };
/** The first line on a stack may take this many times as long as on the base environment. */
const STACK_FACTOR = 1.5;

await besideServers(() =>
  values.stacks || values.requirements ? compareStacks(values.stacks?.split(',') ?? []) : compareStarts(),
);

async function compareStarts() {
  const starts = { warm: 'fork', cold: 'cold' };
  console.log(`${values.rounds} crawls each, ms from the POST\n`);
  printRow('start', STEPS);
  for (const [name, how] of Object.entries(starts)) {
    const times = await measure({ CRAWL_START: how });
    const medians = STEPS.map((step) => median(times.map((time) => time[step])));
    printRow(name, medians.map(Math.round));
    printRow(
      '  worst',
      STEPS.map((step) => Math.round(Math.max(...times.map((time) => time[step])))),
    );
    if (name === 'warm') judge(Object.fromEntries(STEPS.map((step, i) => [step, medians[i]])));
  }
}

/** A service each, in turn, so that whatever else the machine does meets all of them. */
async function compareStacks(series) {
  console.log(`${values.rounds} warm crawls each, ms from the POST\n`);
  printRow('stack', [...STEPS, 'factor']);
  let base = null;
  const { requirements } = values;
  const cases = [null, ...series].map((stack) => [
    stack ?? 'base',
    stack ? { stack: `scrapy:${stack}` } : {},
  ]);
  const installed = cases.map(([name, fields]) => [
    `${name} +`,
    { ...fields, requirements: `${requirements}\n` },
  ]);
  for (const [name, fields] of [...cases, ...(requirements ? installed : [])]) {
    const times = await measure({}, fields);
    const medians = STEPS.map((step) => median(times.map((time) => time[step])));
    const written = medians[STEPS.indexOf('written')];
    base ??= written;
    printRow(name, [...medians.map(Math.round), (written / base).toFixed(2)]);
    if (name !== 'base')
      console.log(`  target ${STACK_FACTOR}: ${written / base <= STACK_FACTOR ? 'met' : 'MISSED'}`);
  }
}

function printRow(name, cells) {
  console.log(`${name.padEnd(9)}${cells.map((cell) => String(cell).padStart(10)).join('')}`);
}

function judge(medians) {
  for (const [step, target] of Object.entries(TARGETS)) {
    const verdict = medians[step] <= target ? 'met' : 'MISSED';
    console.log(`  ${step}: target ${target}: ${verdict}`);
  }
}

async function measure(env, fields) {
  const service = await startService(env);
  try {
    await service.deploy(join(CHECKOUT, 'bench/project'), fields ?? {});
    const times = [];
    for (let round = -IDLE_ROUNDS; round < Number(values.rounds); round++) {
      const time = await firstSigns(service);
      if (round >= 0) times.push(time);
    }
    return times;
  } finally {
    await service.stop();
  }
}

/** All times are of this machine's clock, which the crawl's own lines show too. */
async function firstSigns(service) {
  const postedAt = Date.now();
  const since = () => Date.now() - postedAt;
  const form = new URLSearchParams({
    project: service.project,
    spider: 'few',
    seconds: '0.5',
    run: postedAt,
  });
  const { jobid } = await service.json('/api/schedule.json', form);
  const answer = since();
  const [log] = await firstRecord(service, 'logs', jobid);
  const readable = since();
  await firstRecord(service, 'items', jobid);
  const item = since();
  const { running_time, state } = await finished(service, jobid);
  if (state !== 'finished') throw new Error(`${jobid} is ${state}`);
  return { answer, running: running_time - postedAt, written: log.time - postedAt, readable, item };
}

async function firstRecord(service, stream, jobid) {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const answer = await service.call(`/storage/${stream}/${jobid}?count=1&format=json`);
    const records = await answer.json();
    if (records.length > 0) return records;
  }
  throw new Error(`${jobid} has no ${stream}`);
}

async function finished(service, jobid) {
  for (;;) {
    const job = await service.json(`/storage/jobs/${jobid}?format=json`);
    if (job.state === 'finished') return job;
    await sleep(20);
  }
}
