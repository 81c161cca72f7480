// Items a second of a spider that yields many small ones from one page: a crawl of a running Spiderhub beside
// `scrapy crawl -O x.jl` with the same Python environment and log level.
//
//   npm run build
//   node bench/items.mjs [--count 200000] [--rounds 5]
//
// Rounds alternate and medians are compared. Spiderhub's time runs from the POST that schedules the job until its state
// is read as finished, so that its items are stored by then; Scrapy's is the life of its process. Both Pythons' CPU
// would say the same: what counts is when the items are there.
import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { besideServers, CHECKOUT, median, startService } from './support/service.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
  },
});
const PROJECT = join(CHECKOUT, 'bench/project');
const TARGET = 0.95;
const folder = mkdtempSync(join(tmpdir(), 'bench-items-'));

await besideServers(compare).finally(() => rmSync(folder, { recursive: true, force: true }));

async function compare() {
  const service = await startService();
  try {
    await service.deploy(PROJECT);
    const seen = { spiderhub: [], scrapy: [] };
    console.log(`${values.count} items from one page, seconds\n\nround  spiderhub  scrapy -O  ratio`);
    for (let round = 0; round <= Number(values.rounds); round++) {
      const ours = await crawlThroughSpiderhub(service);
      const plain = await crawlPlainly();
      if (round === 0) continue; // both warm up once
      seen.spiderhub.push(ours);
      seen.scrapy.push(plain);
      printRow(String(round), ours, plain);
    }
    const [ours, plain] = [median(seen.spiderhub), median(seen.scrapy)];
    printRow('median', ours, plain);
    const perSecond = (ms) => Math.round((Number(values.count) / ms) * 1000).toLocaleString('en');
    console.log(`\nitems a second: spiderhub ${perSecond(ours)}, scrapy -O ${perSecond(plain)}`);
    console.log(
      `ratio ${(plain / ours).toFixed(2)}, target ${TARGET}: ${plain / ours >= TARGET ? 'met' : 'MISSED'}`,
    );
  } finally {
    await service.stop();
  }
}

function printRow(name, ours, plain) {
  const cells = [(ours / 1000).toFixed(2), (plain / 1000).toFixed(2), (plain / ours).toFixed(2)];
  console.log(`${name.padEnd(6)} ${cells.map((cell) => cell.padStart(9)).join('  ')}`);
}

async function crawlThroughSpiderhub({ json, project }) {
  const startedAt = performance.now();
  const form = new URLSearchParams({ project, spider: 'many', count: values.count, run: String(startedAt) });
  const { jobid } = await json('/api/schedule.json', form);
  for (;;) {
    const { jobs } = await json(`/api/jobs/list.json?project=${project}&job=${jobid}`);
    if (jobs[0].state === 'finished') {
      const ms = performance.now() - startedAt;
      if (jobs[0].close_reason !== 'finished') throw new Error(`${jobid} ended as ${jobs[0].close_reason}`);
      requireCount(jobs[0].items_scraped);
      return ms;
    }
    await sleep(20);
  }
}

async function crawlPlainly() {
  const output = join(folder, 'x.jl');
  const startedAt = performance.now();
  const args = ['-m', 'scrapy', 'crawl', 'many', '-a', `count=${values.count}`, '-L', 'INFO', '-O', output];
  const child = spawn(process.env.SPIDERHUB_PYTHON, args, {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const code = await new Promise((ended) => child.once('exit', ended));
  const ms = performance.now() - startedAt;
  if (code !== 0) throw new Error(`scrapy ended with ${code}`);
  requireCount(await linesIn(output));
  return ms;
}

async function linesIn(path) {
  let lines = 0;
  for await (const chunk of createReadStream(path)) for (const byte of chunk) if (byte === 10) lines++;
  return lines;
}

function requireCount(items) {
  if (items !== Number(values.count)) throw new Error(`expected ${values.count} items, there are ${items}`);
}
