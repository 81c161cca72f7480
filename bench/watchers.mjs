// What people who watch a project on the page cost a process of the API.
//
//   node bench/watchers.mjs [--watchers 200] [--few 20] [--seconds 20]
//
// An API of its own; each watcher has a session and the page's stream open, while jobs of the project begin and end all the time, or
// nothing happens. Prints memory of a watcher, transactions a second that they cause, and bytes that each gets.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { built, CHECKOUT } from './support/checkout.mjs';
import { besideServers } from './support/service.mjs';

const { values } = parseArgs({
  options: {
    watchers: { type: 'string', default: '200' },
    few: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
  },
});
const { watchers, few, seconds } = Object.fromEntries(
  Object.entries(values).map(([name, text]) => [name, Number(text)]),
);
const SETTLE_MS = 5000;

await besideServers(async () => {
  const { createTestDatabase, makeTeam, scheduleRequest } = built('packages/testkit');
  const { createDatabase, createJobStore } = built('packages/db');
  const { hashToken, newToken, service } = built('packages/core');
  const db = await createTestDatabase();
  // What the bench does itself is done in a database connection of another name, and counted apart.
  const elsewhere = createDatabase(db.url);
  const home = mkdtempSync(join(process.env.SPIDERHUB_TEST_HOME, 'bench-'));
  const env = { ...process.env, DATABASE_URL: db.url, SPIDERHUB_HOME: home, PORT: '0', SCRAPYD_PORT: '0' };
  const probe = ['--expose-gc', '-r', join(CHECKOUT, 'bench/support/memory-probe.cjs')];
  const api = spawn(process.execPath, [...probe, join(CHECKOUT, 'apps/api/dist/main.js')], {
    env: { ...env, LOG_LEVEL: 'error', QUEUE_PREFIX: `bench-${home.slice(-6)}` },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const open = [];
  try {
    const [{ url }] = await once(api, 'message');
    const { project } = await makeTeam(db.database, 'bench');
    const user = await elsewhere('users').where({ name: 'bench-user' }).first('id');
    const tokens = Array.from({ length: watchers }, () => newToken());
    await elsewhere('sessions').insert(
      tokens.map((token) => ({
        token_hash: hashToken(token),
        user_id: user.id,
        ends_at: elsewhere.raw("now() + interval '1 day'"),
      })),
    );
    const store = createJobStore(elsewhere);

    function watch(token) {
      const one = { bytes: 0 };
      open.push(one);
      return new Promise((resolve, reject) => {
        const headers = { cookie: `spiderhub_session=${token}` };
        one.request = get(
          `${url}/console/stream?projects=${project}`,
          { headers, agent: false },
          (answer) => {
            if (answer.statusCode !== 200) return reject(new Error(`answered ${answer.statusCode}`));
            answer.on('error', () => {});
            answer.on('data', ({ length }) => {
              one.bytes += length;
            });
            resolve();
          },
        );
        one.request.on('error', () => {});
      });
    }

    async function memory() {
      await sleep(SETTLE_MS);
      api.send('memory');
      return (await once(api, 'message'))[0].memory;
    }

    /** Transactions of the database so far; processes report theirs once a second. */
    async function transactions() {
      await sleep(2000);
      const { rows } = await elsewhere.raw(
        'select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()',
      );
      return Number(rows[0].n);
    }

    /** A job begins and ends, about ten times a second; how many did. */
    async function happen() {
      let jobs = 0;
      for (const until = performance.now() + seconds * 1000; performance.now() < until; jobs += 1) {
        const request = scheduleRequest(project, 'a', { state: 'running', external: true });
        const [{ spider, job }] = await store.schedule([request]);
        const change = { closeReason: 'finished', meta: new Map(), forget: [] };
        await store.move({ project, spider, job, state: 'finished', change, by: service('bench') });
        await sleep(100);
      }
      return jobs;
    }
    async function nothing() {
      await sleep(seconds * 1000);
      return 0;
    }

    /** Transactions of the database while `work` is done, how long it took, s, and bytes that watchers got. */
    async function during(work) {
      const before = await transactions();
      const bytes = open.reduce((sum, one) => sum + one.bytes, 0);
      const from = performance.now();
      const jobs = await work();
      const got = open.reduce((sum, one) => sum + one.bytes, 0) - bytes;
      const lasted = (performance.now() - from) / 1000 + 2;
      return { jobs, got, lasted, count: (await transactions()) - before };
    }

    // What the API does anyway, and what a job that begins and ends takes.
    const alone = await during(nothing);
    const busy = await during(happen);
    const anyway = alone.count / alone.lasted;
    const each = (busy.count - anyway * busy.lasted) / busy.jobs;

    async function measure(name, work) {
      const { jobs, got, lasted, count } = await during(work);
      const more = (count - anyway * lasted - each * jobs) / lasted;
      const rate = Math.round(got / lasted / open.length);
      console.log(
        `${open.length} watchers, ${name}: ${more.toFixed(2)} transactions a second more than without them, ${rate} bytes a second for each (${(jobs / lasted).toFixed(1)} jobs a second)`,
      );
    }

    for (const token of tokens.slice(0, few)) await watch(token);
    await measure('nothing happens', nothing);
    await measure('jobs begin and end', happen);
    const little = await memory();
    for (const token of tokens.slice(few)) await watch(token);
    const much = await memory();
    await measure('nothing happens', nothing);
    await measure('jobs begin and end', happen);
    const later = await memory();
    const kilobytes = (bytes) => ((bytes - little) / (watchers - few) / 1000).toFixed(1);
    console.log(`memory of a watcher: ${kilobytes(much)} kB when it has come, ${kilobytes(later)} kB later`);
    for (const { request } of open) request.destroy();
  } finally {
    const gone = once(api, 'exit');
    api.kill();
    await gone;
    await elsewhere.destroy();
    await db.close();
    rmSync(home, { recursive: true, force: true });
  }
});
