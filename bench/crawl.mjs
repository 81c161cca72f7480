// Wall time of one crawl through a running Spiderhub, beside `scrapy crawl -o` on the same site and machine.
//
//   npm start                       (in another terminal)
//   node bench/crawl.mjs [--pages 1000] [--rounds 5]
//
// Both crawl the same pages from a small server that this script starts. Spiderhub's time runs from the POST that
// schedules the job until its state is read as finished; Scrapy's is the life of its process. Medians are compared.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { built, CHECKOUT } from './support/checkout.mjs';
import { median } from './support/figures.mjs';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    pages: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    home: { type: 'string', default: process.env.SPIDERHUB_HOME ?? join(CHECKOUT, '.spiderhub') },
    python: { type: 'string' },
  },
});
const demo = JSON.parse(readFileSync(join(values.home, 'demo.json'), 'utf8'));
const python = values.python ?? process.env.SPIDERHUB_PYTHON ?? join(values.home, 'python/bin/python');

if (process.argv[2] === 'site') serveSite();
else await compare();

/** The site is a process of its own, so that neither side pays for it. */
function serveSite() {
  const { renderDemoPage } = built('examples/demo-site');
  const server = createServer((req, res) => {
    const page = renderDemoPage(req.url);
    res.writeHead(page === null ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(page ?? '');
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

async function startSite() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'site'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const port = await new Promise((ready) => child.once('message', ready));
  return { url: `http://127.0.0.1:${port}/demo/bench/${values.pages}`, stop: () => child.kill() };
}

async function compare() {
  const site = await startSite();
  const times = { spiderhub: [], scrapy: [] };
  try {
    for (let round = 0; round <= Number(values.rounds); round++) {
      const ours = await crawlThroughSpiderhub(site.url);
      const plain = await crawlPlainly(site.url);
      if (ours.items !== plain.items) throw new Error(`items differ: ${ours.items} and ${plain.items}`);
      if (round === 0) continue; // both warm up once
      times.spiderhub.push(ours.ms);
      times.scrapy.push(plain.ms);
      console.log(`round ${round}: spiderhub ${seconds(ours.ms)} s, scrapy ${seconds(plain.ms)} s`);
    }
  } finally {
    site.stop();
  }
  const [ours, plain] = [median(times.spiderhub), median(times.scrapy)];
  console.log(
    `${values.pages} pages, medians: spiderhub ${seconds(ours)} s, scrapy crawl -o ${seconds(plain)} s`,
  );
  console.log(`ratio ${(ours / plain).toFixed(3)}; target ${seconds(plain * 1.05 + 300)} s or less`);
}

async function crawlThroughSpiderhub(siteUrl) {
  const headers = { authorization: `Basic ${Buffer.from(`${demo.apikey}:`).toString('base64')}` };
  const api = (path, body) =>
    fetch(`${demo.url}/api/${path}`, { headers, ...(body && { method: 'POST', body }) }).then((r) =>
      r.json(),
    );
  const startedAt = performance.now();
  const { jobid } = await api(
    'schedule.json',
    new URLSearchParams({
      project: demo.project,
      spider: 'books',
      job_settings: JSON.stringify({ DEMO_SITE_URL: siteUrl }),
      run: String(startedAt),
    }),
  );
  for (;;) {
    const { jobs } = await api(`jobs/list.json?project=${demo.project}&job=${jobid}`);
    if (jobs[0].state === 'finished') {
      if (jobs[0].close_reason !== 'finished') throw new Error(`${jobid} ended as ${jobs[0].close_reason}`);
      return { ms: performance.now() - startedAt, items: jobs[0].items_scraped };
    }
    await new Promise((later) => setTimeout(later, 20));
  }
}

async function crawlPlainly(siteUrl) {
  const output = join(mkdtempSync(join(tmpdir(), 'bench-crawl-')), 'items.jl');
  const startedAt = performance.now();
  const child = spawn(
    python,
    ['-m', 'scrapy', 'crawl', 'books', '-o', output, '-L', 'INFO', '-s', `DEMO_SITE_URL=${siteUrl}`],
    { cwd: join(CHECKOUT, 'examples/demo-project'), stdio: ['ignore', 'ignore', 'ignore'] },
  );
  const code = await new Promise((ended) => child.once('exit', ended));
  const ms = performance.now() - startedAt;
  if (code !== 0) throw new Error(`scrapy ended with ${code}`);
  return { ms, items: readFileSync(output, 'utf8').trim().split('\n').length };
}

function seconds(ms) {
  return (ms / 1000).toFixed(2);
}
