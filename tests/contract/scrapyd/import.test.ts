import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@spiderhub/testkit';
import { basic, makeScrapydUser, PASSWORD, USERNAME } from '../../support/scrapyd.ts';
import { type Service, startService } from '../../support/service.ts';
import { clientsPython, type RealScrapyd, startScrapyd } from './differential/peers.ts';

/** What a Scrapyd from PyPI has left in its folders is brought over by one command. */

const CLI = resolve(__dirname, '../../../apps/cli/dist/main.js');
const SQLITE = 'jobstorage = scrapyd.jobstorage.SqliteJobStorage\n';

let folder: string;
let service: Service;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-'));
  await promisify(execFile)(clientsPython(), [join(__dirname, 'fixtures/make_eggs.py'), folder]);
  await fillScrapyd();
  service = await startService({ workers: 0 });
  await makeScrapydUser(service);
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

/** One run of Scrapyd that finishes jobs, and one that starts none, so that what is scheduled waits. */
async function fillScrapyd(): Promise<void> {
  const first = await startScrapyd(0.2, folder, SQLITE);
  await deploy(first, '1', 'shop');
  await deploy(first, '2', 'shop-small');
  await post(first, 'schedule', 'project=shop&spider=quick&_version=1&jobid=done&items=3');
  await eventually(async () => {
    expect(await (await call(first, 'status.json?job=done')).json()).toMatchObject({ currstate: 'finished' });
  });
  await first.stop();
  const second = await startScrapyd(3600, folder, SQLITE);
  await post(second, 'schedule', 'project=shop&spider=quick&jobid=low&priority=-1&a=%C3%A9&setting=A%3D1');
  await post(second, 'schedule', 'project=shop&spider=quick&jobid=high&priority=inf&_version=1');
  await second.stop();
  // What a Scrapyd with the default store of jobs has forgotten, and what nobody can import.
  await writeFile(join(folder, 'logs/shop/quick/forgotten.log'), FORGOTTEN);
  await writeFile(join(folder, 'eggs/shop/3.egg'), await readFile(join(folder, 'broken-import.egg')));
}

const FORGOTTEN =
  '2024-01-02 03:04:05 [scrapy.core.engine] INFO: Spider opened\n' +
  '2024-01-02 03:05:06 [scrapy.core.engine] INFO: Spider closed (shutdown)\n';

function call(peer: RealScrapyd, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as object), authorization: basic(USERNAME, PASSWORD) };
  return fetch(`http://${peer.host}:${peer.port}/${path}`, { ...init, headers });
}

async function post(peer: RealScrapyd, name: string, form: string): Promise<void> {
  const answer = await call(peer, `${name}.json`, { method: 'POST', body: new URLSearchParams(form) });
  expect(await answer.json()).toMatchObject({ status: 'ok' });
}

async function deploy(peer: RealScrapyd, version: string, egg: string): Promise<void> {
  const form = new FormData();
  form.set('project', 'shop');
  form.set('version', version);
  form.set('egg', new Blob([new Uint8Array(await readFile(join(folder, `${egg}.egg`)))]), 'p.egg');
  const answer = await call(peer, 'addversion.json', { method: 'POST', body: form });
  expect(await answer.json()).toMatchObject({ status: 'ok' });
}

async function runImport(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [CLI, 'admin', 'import-scrapyd', ...args], {
    env: service.env,
    cwd: folder,
  });
}

async function get(path: string): Promise<string> {
  const headers = { authorization: basic(USERNAME, PASSWORD) };
  return (await fetch(`${service.url}/scrapyd/${path}`, { headers })).text();
}

it('brings over projects, versions, pending and finished jobs, and logs', async () => {
  const { stdout, stderr } = await runImport('dbs', 'eggs', 'logs', '--organisation', 'acme');
  expect(JSON.parse(stdout)).toEqual({ versions: 2, pending: 2, finished: 2, logs: 2, skipped: 1 });
  expect(stderr).toContain('nothing_of_this_name');

  expect(JSON.parse(await get('listversions.json?project=shop'))).toMatchObject({ versions: ['1', '2'] });
  expect(JSON.parse(await get('listspiders.json?project=shop'))).toMatchObject({ spiders: ['quick'] });
  const jobs = JSON.parse(await get('listjobs.json?project=shop'));
  expect(jobs.pending).toEqual([
    expect.objectContaining({ id: 'high', version: '1', priority: 'Infinity', args: {} }),
    expect.objectContaining({
      id: 'low',
      version: null,
      priority: -1,
      args: { a: 'é' },
      settings: { A: '1' },
    }),
  ]);
  expect(jobs.finished).toEqual([
    expect.objectContaining({ id: 'done', spider: 'quick', finish_reason: 'finished' }),
    expect.objectContaining({
      id: 'forgotten',
      start_time: '2024-01-02 03:04:05',
      end_time: '2024-01-02 03:05:06',
      finish_reason: 'shutdown',
    }),
  ]);
  const original = await readFile(join(folder, 'logs/shop/quick/done.log'), 'utf8');
  expect(await get('logs/shop/quick/done.log')).toBe(original);
  expect(await get('logs/shop/quick/forgotten.log')).toBe(FORGOTTEN);
});

it('adds nothing the second time', async () => {
  const { stdout } = await runImport('dbs', 'eggs', 'logs', '--organisation', 'acme');
  expect(JSON.parse(stdout)).toEqual({ versions: 0, pending: 0, finished: 0, logs: 0, skipped: 7 });
});

it.each([
  [['dbs', 'eggs'], 'import-scrapyd DBS_DIR EGGS_DIR LOGS_DIR'],
  [['dbs', 'eggs', 'nope', '--organisation', 'acme'], 'nope is no folder'],
  [['dbs', 'eggs', 'logs', '--organisation', 'strangers'], 'There is no organisation strangers'],
])('says what is wrong with %j', async (args, message) => {
  await expect(runImport(...args)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
});
