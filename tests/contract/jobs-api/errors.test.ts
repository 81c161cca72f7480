import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { type PostgresProxy, startPostgresProxy } from '../../support/postgres-proxy.ts';
import { type Service, startService } from '../../support/service.ts';

const MAIN = resolve(__dirname, '../../../apps/api/dist/main.js');

let service: Service;
let proxy: PostgresProxy;
/** A second API, whose database can be taken away. */
let child: ChildProcess;
let url: string;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['a'] });
  proxy = await startPostgresProxy(service.db.url);
  child = spawn(process.execPath, [MAIN], {
    env: { ...service.env, DATABASE_URL: proxy.url, PORT: '0', PUBLIC_URL: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  [{ url }] = (await once(child, 'message')) as [{ url: string }];
});
afterAll(async () => {
  if (child.exitCode === null) {
    child.kill();
    await once(child, 'exit');
  }
  await proxy.close();
  await service.stop();
});

const call = (path: string, init: RequestInit = {}) => {
  const authorization = `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`;
  return fetch(`${url}${path}`, { ...init, headers: { authorization } });
};

it('a database that is away is a 503 that says when to try again, until it is back', async () => {
  const list = `/api/jobs/list.json?project=${service.team.project}`;
  const schedule = () =>
    call('/api/run.json', {
      method: 'POST',
      body: new URLSearchParams({ project: String(service.team.project), spider: 'a' }),
    });
  expect((await call(list)).status).toBe(200);
  proxy.cut();
  for (const answer of [await call(list), await schedule()]) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toEqual({
      status: 'error',
      message: 'the database is not available, try again later',
    });
  }
  expect((await call('/healthz')).status).toBe(200);
  const ready = await call('/readyz');
  expect([ready.status, await ready.json()]).toMatchObject([503, { missing: ['database', 'worker'] }]);
  proxy.mend();
  expect(
    await eventually(async () => {
      const answer = await schedule();
      expect(answer.status).toBe(200);
      return answer.json();
    }),
  ).toEqual({ status: 'ok', jobid: `${service.team.project}/1/1` });
});

it('readyz names the worker that is missing', async () => {
  const answer = await call('/readyz');
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    { status: 'unavailable', missing: ['worker'], isolation: { level: expect.any(String) as string } },
  ]);
});

it('a polite stop lets the process end by itself', async () => {
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
