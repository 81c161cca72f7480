// Starts the two servers that are compared, each in folders of its own.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { call } from '../support/http.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const checkout = resolve(here, '../..');
const fromApi = createRequire(join(checkout, 'apps/api/package.json'));
export const AUTHORIZATION = `Basic ${Buffer.from('bench:benchmark').toString('base64')}`;

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Deploys the egg as clients do. */
async function deploy(server, python) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-egg-'));
  const path = join(folder, 'bench.egg');
  await promisify(execFile)(python, [join(here, 'make_egg.py'), path]);
  const boundary = 'bench-boundary';
  const part = (name, value) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const form = Buffer.concat([
    Buffer.from(part('project', 'bench') + part('version', '1')),
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="egg"; filename="e.egg"\r\n\r\n`),
    readFileSync(path),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const type = `multipart/form-data; boundary=${boundary}`;
  const answer = await call({ ...server, type }, '/addversion.json', { form });
  if (!answer.text().includes('"status": "ok"')) throw new Error(answer.text());
  rmSync(folder, { recursive: true });
}

async function untilUp(server) {
  for (;;) {
    const answer = await call(server, '/daemonstatus.json').catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

/**
 * A Scrapyd from PyPI. `poll` is its poll_interval, 5 by default as its own; `finished` fills its store of finished jobs,
 * `sqlite` puts them into SQLite.
 */
export async function startScrapyd(python, { poll = 5, finished = 0, sqlite = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-scrapyd-'));
  const port = await freePort();
  const storage = sqlite ? 'scrapyd.jobstorage.SqliteJobStorage' : 'bench_storage.FilledJobStorage';
  writeFileSync(
    join(folder, 'scrapyd.conf'),
    `[scrapyd]\nhttp_port = ${port}\nusername = bench\npassword = benchmark\nitems_dir = items\n` +
      `poll_interval = ${poll}\nmax_proc = 2\njobs_to_keep = 1000\njobstorage = ${storage}\nfinished_to_keep = 1000000\n`,
  );
  if (sqlite) await promisify(execFile)(python, ['-c', FILL_SQLITE, join(folder, 'dbs'), String(finished)]);
  const log = openSync(join(folder, 'out.log'), 'w');
  const child = spawn(python, ['-m', 'scrapyd'], {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: here, BENCH_FINISHED: String(finished) },
    stdio: ['ignore', log, log],
    detached: true,
  });
  const server = { name: 'scrapyd', url: `http://127.0.0.1:${port}`, authorization: AUTHORIZATION };
  await untilUp(server);
  await deploy(server, python);
  return {
    ...server,
    pids: () => [child.pid],
    async stop() {
      child.kill();
      await new Promise((done) => child.once('exit', done));
      killGroup(child.pid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** Scrapyd leaves its crawls behind. */
function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const FILL_SQLITE = `
import os, sqlite3, sys
os.makedirs(sys.argv[1])
db = sqlite3.connect(os.path.join(sys.argv[1], 'jobs.db'))
db.execute('create table finished_jobs (id integer primary key, project text, spider text, job text, start_time datetime, end_time datetime)')
time = '2026-01-01 %02d:%02d:%02d.%06d'
rows = ((f'finished-{n}', time % (n // 3600 % 24, n // 60 % 60, n % 60, n)) for n in range(int(sys.argv[2])))
db.executemany("insert into finished_jobs (project, spider, job, start_time, end_time) values ('bench', 'one', ?, ?, ?)", ((job, at, at) for job, at in rows))
db.commit()
`;

/** Spiderhub as it runs in production, log lines included, on a database of its own; a worker with two slots if asked. */
export async function startSpiderhub(python, { worker = false, finished = 0 } = {}) {
  const { createDatabase, createAdminStore, createScrapydUserStore, migrate } = fromApi('@spiderhub/db');
  const { hashPassword } = fromApi('@spiderhub/core');
  const name = `spiderhub_bench_${randomBytes(4).toString('hex')}`;
  const own = new URL(process.env.DATABASE_URL);
  own.pathname = `/${name}`;
  const admin = createDatabase(process.env.DATABASE_URL);
  await admin.raw(`create database ${name}`);
  await migrate(own.href, join(checkout, 'migrations'));
  const database = createDatabase(own.href);
  await createAdminStore(database).createOrganisation('bench');
  await createScrapydUserStore(database).saveUser('bench', 'bench', await hashPassword('benchmark'));
  const home = mkdtempSync(join(tmpdir(), 'spiderhub-bench-'));
  const port = await freePort();
  const env = {
    ...process.env,
    DATABASE_URL: own.href,
    SPIDERHUB_HOME: home,
    SPIDERHUB_PYTHON: python,
    PORT: '0',
    SCRAPYD_PORT: String(port),
    LIMIT_REQUESTS_PER_SECOND: '1000000',
    QUEUE_PREFIX: name,
    WORKER_SLOTS: '2',
  };
  const log = openSync('/dev/null', 'w');
  const children = [];
  for (const app of worker ? ['api', 'worker'] : ['api']) {
    const script = join(checkout, 'apps', app, 'dist/main.js');
    const child = spawn(process.execPath, [script], {
      env,
      stdio: ['ignore', log, 'inherit', 'ipc'],
    });
    const url = await new Promise((done, fail) => {
      child.once('message', (message) => done(message.url));
      child.once('exit', (code) => fail(new Error(`${app} ended with ${code}`)));
    });
    if (app === 'api') env.PUBLIC_URL = url;
    children.push(child);
  }
  const server = { name: 'spiderhub', url: `http://127.0.0.1:${port}`, authorization: AUTHORIZATION };
  await deploy(server, python);
  if (finished > 0) await fillFinished(database, finished);
  return {
    ...server,
    database,
    pids: () => children.map(({ pid }) => pid),
    async stop() {
      for (const child of children.reverse()) {
        child.kill();
        await new Promise((done) => child.once('exit', done));
      }
      await database.destroy();
      await admin.raw(`drop database ${name} with (force)`);
      await admin.destroy();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function fillFinished(database, count) {
  await database.raw(
    `with made as (
      insert into jobs (project_id, spider, number, state, attempt, priority, alias, running_at, finished_at,
        state_since, items, close_reason, exit_status)
      select 1, 1, 1000000 + n, 'finished', 1, 2, 'finished-' || n, t, t + interval '5 s', t + interval '5 s', 1, 'finished', '0'
      from generate_series(1, ${Number(count)}) n, lateral (select timestamptz '2026-01-01' + n * interval '1.000001 s' as t) x
      returning id
    )
    insert into job_details (job_id, args, settings) select id, '{"url": "http://127.0.0.1/"}', '{}' from made`,
  );
  await database.raw('analyze');
}

/** Proportional memory of processes and all that they started, in MB. */
export function memoryMb(pids) {
  const children = childrenOf();
  const all = new Set();
  const open = [...pids];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    all.add(pid);
    open.push(...(children.get(pid) ?? []));
  }
  let kb = 0;
  for (const pid of all) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    kb += Number(/^Pss: *(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return kb / 1024;
}

function childrenOf() {
  const children = new Map();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // Gone meanwhile.
    }
  }
  return children;
}
