// What many viewers of one log cost a process of the API.
//
//   node bench/viewers.mjs [--viewers 1000] [--few 10] [--seconds 20] [--rate 20]
//
// An API of its own; a key for every twenty viewers, who look at the log of one running job while lines are added to it. Prints
// memory and processor time of the process with few viewers and with all, how late lines came, and whether any was missed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { built, CHECKOUT } from './support/checkout.mjs';
import { cpuMs } from './support/cpu.mjs';
import { percentile } from './support/figures.mjs';
import { besideServers } from './support/service.mjs';

const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1000' },
    few: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '20' },
  },
});
const { viewers, few, seconds, rate } = Object.fromEntries(
  Object.entries(values).map(([name, text]) => [name, Number(text)]),
);
const EACH = 20;
const SETTLE_MS = 5000;

await besideServers(async () => {
  const { createTestDatabase, makeTeam, scheduleRequest } = built('packages/testkit');
  const { createAdminStore, createJobStore } = built('packages/db');
  const { hashApiKey, newApiKey } = built('packages/core');
  const { createFsStreamStore } = built('packages/storage');
  const db = await createTestDatabase();
  const home = mkdtempSync(join(process.env.SPIDERHUB_TEST_HOME, 'bench-'));
  const env = { ...process.env, DATABASE_URL: db.url, SPIDERHUB_HOME: home, PORT: '0', SCRAPYD_PORT: '0' };
  const api = spawn(process.execPath, [join(CHECKOUT, 'apps/api/dist/main.js')], {
    env: { ...env, LOG_LEVEL: 'error', QUEUE_PREFIX: `bench-${home.slice(-6)}` },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [{ url }] = await once(api, 'message');
    const { project } = await makeTeam(db.database, 'bench');
    const keys = [];
    for (let n = 0; n < Math.ceil((viewers + few) / EACH) + 1; n += 1) {
      const key = newApiKey();
      await createAdminStore(db.database).createKey({
        hash: hashApiKey(key),
        hint: 'x',
        user: null,
        project,
        staff: false,
      });
      keys.push(key);
    }
    const request = scheduleRequest(project, 'a', { state: 'running', external: true });
    const [{ spider, job }] = await createJobStore(db.database).schedule([request]);
    const key = { project, spider, job };
    const streams = createFsStreamStore({ root: join(home, 'data/streams') });
    const writer = await streams.openWriter({ key, attempt: 0, stream: 'logs' });
    const path = `${url}/console/jobs/${project}/${spider}/${job}/log/stream?after=now`;
    const open = [];

    function look(nth) {
      const authorization = `Basic ${Buffer.from(`${keys[Math.floor(nth / EACH)]}:`).toString('base64')}`;
      const one = { lines: 0, lates: [] };
      open.push(one);
      return new Promise((resolve, reject) => {
        one.request = get(path, { headers: { authorization }, agent: false }, (answer) => {
          if (answer.statusCode !== 200) return reject(new Error(`answered ${answer.statusCode}`));
          let rest = '';
          answer.setEncoding('utf8');
          answer.on('error', () => {});
          answer.on('data', (piece) => {
            rest += piece;
            const blocks = rest.split('\n\n');
            rest = blocks.pop();
            for (const [, sentAt] of blocks.join('\n').matchAll(/"message":"sent (\d+)"/g)) {
              one.lines += 1;
              one.lates.push(Date.now() - Number(sentAt));
            }
          });
          resolve();
        });
        one.request.on('error', () => {});
      });
    }

    async function measure(name) {
      await sleep(SETTLE_MS);
      for (const one of open) Object.assign(one, { lines: 0, lates: [] });
      const before = cpuMs(api.pid);
      let written = 0;
      for (const from = performance.now(); performance.now() - from < seconds * 1000; ) {
        // As a worker flushes.
        const lines = Array.from({ length: rate / 2 }, () =>
          Buffer.from(`{"level":20,"message":"sent ${Date.now()}"}`),
        );
        writer.append(lines);
        await writer.flush();
        written += lines.length;
        await sleep(500);
      }
      await sleep(2000);
      const cpu = cpuMs(api.pid) - before;
      const missed = open.filter(({ lines }) => lines !== written).length;
      const lates = open.flatMap((one) => one.lates);
      console.log(
        `${name}: ${(rssKb(api.pid) / 1024).toFixed(0)} MB, ${cpu} ms of processor time for ${written} lines, late by ms p50 ${percentile(lates, 0.5)}, p95 ${percentile(lates, 0.95)}; viewers that missed some: ${missed}`,
      );
      return { cpu, rss: rssKb(api.pid) };
    }

    for (let n = 0; n < few; n += 1) await look(n);
    const little = await measure(`${few} viewers`);
    for (let n = few; n < viewers; n += 1) await look(n);
    const much = await measure(`${viewers} viewers`);
    console.log(
      `memory: ${((much.rss - little.rss) / 1024).toFixed(0)} MB more; target: 150 MB. Processor time: ${(much.cpu / little.cpu).toFixed(1)} times; target: 1.3`,
    );
    for (const { request } of open) request.destroy();
    await writer.seal();
  } finally {
    const gone = once(api, 'exit');
    api.kill();
    await gone;
    await db.close();
    rmSync(home, { recursive: true, force: true });
  }
});

function rssKb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
