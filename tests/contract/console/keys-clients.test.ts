import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { makeShubHome, type ShubHome, withConnection } from '../jobs-api/clients.ts';
import { admin, keysOf } from './commands.ts';

/** How long a process may go on with a key that is over, ms, and a little more. */
const FORGOTTEN_MS = 1100;

let service: Service;
let home: ShubHome | undefined;

beforeAll(async () => {
  // Two processes: what is revoked is so in both.
  service = await startService({
    workers: 0,
    env: { API_PROCESSES: '2', AUTH_FAILURES_PER_MINUTE: '100000' },
  });
});
afterAll(() => service?.stop());
afterEach(() => home?.remove());

/** A key of the team's user by a command of an operator. */
async function make(words = ''): Promise<{ key: string; id: number }> {
  const made = await admin(service, `key create --user acme-user --name k ${words}`.trim().split(' '));
  return made as { key: string; id: number };
}

/** The status that curl sees in each dialect. */
async function curl(key: string): Promise<string[]> {
  const { project } = service.team;
  const paths = [
    `/api/jobs/list.json?project=${project}`,
    `/storage/jobq/${project}/count`,
    '/scrapyd/daemonstatus.json',
    '/console/me',
  ];
  return Promise.all(
    paths.map(async (path) => {
      const args = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-u', `${key}:`, `${service.url}${path}`];
      return (await promisify(execFile)('curl', args)).stdout;
    }),
  );
}
const ALL = (status: string) => [status, status, status, status];

it('a key in the new form is one to shub and python-scrapinghub', async () => {
  const { key } = await make();
  expect(await curl(key)).toEqual(ALL('200'));
  home = await makeShubHome(service);
  const login = await home.shub(['login'], `${key.slice(0, -1)}\n${key}\n`);
  expect(login.output).toContain('API key failed, try again.');
  expect(login.output).toContain('API key is OK, you are logged in now.');
  const deployed = await home.shub(['deploy', '-v']);
  expect([deployed.code, deployed.output]).toEqual([0, expect.stringContaining('"status":"ok"')]);
  const scheduled = await home.shub(['schedule', 'books']);
  expect(scheduled.output).toMatch(/Spider books scheduled, job ID: \d+\/\d+\/\d+/);
  expect(await withConnection(service, 'result = [j.info["spider"] for j in project.jobs()]', key)).toEqual([
    'books',
  ]);
});

it('a key that is for some actions alone lets the clients do these, and tells them why not more', async () => {
  const { key } = await make('--action jobs.read --action projects.list --action spiders.read');
  expect(await withConnection(service, 'result = len(list(project.jobs()))', key)).toBeGreaterThan(0);
  const refused = "try:\n  project.schedule('books', n='1')\nexcept APIError as e:\n  result = str(e)";
  expect(await withConnection(service, refused, key)).toContain('not good for jobs.run');
  home = await makeShubHome(service, { apikey: key });
  const deployed = await home.shub(['deploy']);
  expect(deployed.code).not.toBe(0);
  expect(deployed.output).not.toContain('Traceback');
  expect((await home.shub(['schedule', 'books'])).output).toContain('not good for jobs.run');
});

it('keys for other addresses, that are over or revoked are none, in any dialect, process and client', async () => {
  const elsewhere = await make('--from 10.0.0.0/8 --from fd00::/8');
  expect(await curl(elsewhere.key)).toEqual(ALL('401'));
  const here = await make('--from 127.0.0.0/8');
  expect(await curl(here.key)).toEqual(ALL('200'));
  const ended = await make('--days 1');
  expect(await curl(ended.key)).toEqual(ALL('200'));
  await service.db
    .database('api_keys')
    .where({ id: ended.id })
    .update({ expires_at: new Date(0) });
  await admin(service, ['key', 'revoke', '--id', String(here.id)]);
  await delay(FORGOTTEN_MS);
  for (const { key } of [here, ended]) {
    // Each curl is a connection of its own, to one of the processes.
    const asked = await Promise.all(Array.from({ length: 5 }, () => curl(key)));
    expect(asked.flat().filter((status) => status !== '401')).toEqual([]);
    const tried = 'try:\n  project.spiders()\nexcept APIError as e:\n  result = str(e)';
    expect(await withConnection(service, tried, key)).toContain('Authentication failed');
  }
  home = await makeShubHome(service, { apikey: here.key });
  expect((await home.shub(['deploy'])).code).toBe(77);
});

it('a key that was replaced and its successor both work until the old one ends', async () => {
  const old = await make();
  const next = (await admin(service, ['key', 'rotate', '--id', String(old.id), '--grace-hours', '1'])) as {
    key: string;
    id: number;
  };
  expect([await curl(old.key), await curl(next.key)]).toEqual([ALL('200'), ALL('200')]);
  const last = (await admin(service, ['key', 'rotate', '--id', String(next.id), '--grace-hours', '0'])) as {
    key: string;
  };
  await delay(FORGOTTEN_MS);
  expect([await curl(next.key), await curl(last.key)]).toEqual([ALL('401'), ALL('200')]);
});

it('lists tell with which client a key was used last', async () => {
  const { key, id } = await make();
  await withConnection(service, 'result = len(list(project.jobs()))', key);
  await eventually(async () =>
    expect((await keysOf(service)).find((one) => one.id === id)).toMatchObject({
      lastAddress: '127.0.0.1',
      lastClient: expect.stringMatching(/python/i),
    }),
  );
});
