import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { type PostgresProxy, startPostgresProxy } from '../../support/postgres-proxy.ts';
import { type Service, startService } from '../../support/service.ts';

/** Processes that are started before their Postgres, as containers are that nobody puts in order. */

let service: Service;
let proxy: PostgresProxy;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  proxy = await startPostgresProxy(service.db.url);
});
afterAll(async () => {
  await proxy?.close();
  await service?.stop();
});

const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) if (child.kill('SIGKILL')) await once(child, 'exit');
});

/** Starts a process while Postgres refuses it. Returns what it writes, too. */
function start(app: 'api' | 'worker', env: NodeJS.ProcessEnv) {
  proxy.cut();
  const main = resolve(__dirname, '../../..', join('apps', app, 'dist/main.js'));
  const child = spawn(process.execPath, [main], {
    env: { ...service.env, DATABASE_URL: proxy.url, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  started.push(child);
  const log: string[] = [];
  child.stdout?.on('data', (text) => log.push(String(text)));
  const waits = () => log.join('').split('waiting for an answer of Postgres').length - 1;
  return { child, waits };
}

describe.each([
  ['an API', 'api', {}],
  ['an API of several processes', 'api', { API_PROCESSES: '2' }],
  ['a worker', 'worker', {}],
] as const)('%s', (_, app, env) => {
  it('waits for a Postgres that refuses it, says so, and works when it is there', async () => {
    const { child, waits } = start(app, env);
    const ready = once(child, 'message');
    await eventually(async () => expect(waits()).toBeGreaterThan(1));
    expect(child.exitCode).toBeNull();
    proxy.mend();
    expect((await ready)[0]).toMatchObject({ ready: true });
  });

  it('ends at once when it is asked to while it waits', async () => {
    const { child, waits } = start(app, env);
    await eventually(async () => expect(waits()).toBeGreaterThan(0));
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await gone).toEqual([null, 'SIGTERM']);
  });
});
