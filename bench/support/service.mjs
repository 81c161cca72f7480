// A Spiderhub of its own for a measurement: Postgres, Redis, an API and a worker, all thrown away afterwards.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { built, CHECKOUT } from './checkout.mjs';

export { CHECKOUT } from './checkout.mjs';
export { median } from './figures.mjs';

const CLI = join(CHECKOUT, 'apps/cli/dist/main.js');

/** Runs the calling program beside servers of its own, unless it runs there already. */
export async function besideServers(work) {
  if (process.env.SPIDERHUB_TEST_HOME) return work();
  const args = [CLI, 'services', '--', process.execPath, ...process.argv.slice(1)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  [process.exitCode] = await once(child, 'exit');
}

/** An API and a worker from their builds with an empty database, one project and a key. */
export async function startService(env = {}) {
  const { createTestDatabase } = built('packages/testkit');
  const db = await createTestDatabase();
  const home = mkdtempSync(join(process.env.SPIDERHUB_TEST_HOME, 'bench-'));
  chmodSync(home, 0o711);
  const common = {
    ...process.env,
    DATABASE_URL: db.url,
    SPIDERHUB_HOME: home,
    QUEUE_PREFIX: `bench-${home.slice(-6)}`,
    LOG_LEVEL: 'info',
    WORKER_SLOTS: '2',
    PORT: '0',
    HOST: '127.0.0.1',
    SCRAPYD_PORT: '0',
    // Requests are counted and none is refused, unless that is what is measured.
    LIMIT_REQUESTS_PER_SECOND: '1000000',
    // The sites that are crawled are on this machine.
    NETWORK_ALLOW: '127.0.0.1:*',
    ...env,
  };
  const admin = (line) =>
    JSON.parse(execFileSync(process.execPath, [CLI, 'admin', ...line.split(' '), '--json'], { env: common }));
  admin('organisation create --name bench');
  const project = admin('project create --name bench --organisation bench').id;
  const { key } = admin(`key create --project ${project}`);
  const started = [];

  async function start(app, more = {}) {
    const log = openSync(join(home, `${app}.log`), 'a');
    const child = spawn(process.execPath, [join(CHECKOUT, 'apps', app, 'dist/main.js')], {
      env: { ...common, ...more },
      stdio: ['ignore', log, log, 'ipc'],
    });
    started.push(child);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${app} ended:\n${readFileSync(join(home, `${app}.log`), 'utf8').slice(-2000)}`);
    });
    ended.catch(() => {});
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  }

  const { url } = await start('api');
  await start('worker', { PUBLIC_URL: url });
  const headers = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
  const call = (path, form) =>
    fetch(`${url}${path}`, { headers, ...(form && { method: 'POST', body: form }) });

  return {
    url,
    home,
    databaseUrl: db.url,
    /** Works on the database with a knex. */
    database: (work) => work(db.database),
    project,
    headers,
    call,
    json: async (path, form) => (await call(path, form)).json(),
    /** Deploys the Scrapy project of a folder; `fields` of the deploy may name a stack. */
    async deploy(folder, fields = {}) {
      const egg = join(home, 'bench.egg');
      execFileSync(process.env.SPIDERHUB_PYTHON, [join(CHECKOUT, 'examples/build-egg.py'), folder, egg]);
      const form = new FormData();
      for (const [name, value] of Object.entries({ project, version: '1.0', ...fields }))
        form.set(name, String(value));
      form.set('egg', new Blob([readFileSync(egg)]), 'bench.egg');
      const answer = await (await call('/api/scrapyd/addversion.json', form)).text();
      if (JSON.parse(answer.trim().split('\n').at(-1)).status !== 'ok') throw new Error(answer);
    },
    async stop() {
      for (const child of started.reverse()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, 'exit');
        child.kill();
        await gone;
      }
      await db.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
