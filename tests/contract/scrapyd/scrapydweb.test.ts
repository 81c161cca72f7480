import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from '@spiderhub/testkit';
import { makeScrapydUser, PASSWORD, USERNAME } from '../../support/scrapyd.ts';
import { type Service, startService } from '../../support/service.ts';
import { clientsPython } from './differential/peers.ts';

/** ScrapydWeb from PyPI in front of Spiderhub, used by its own pages. */

let folder: string;
let service: Service;
let web: ChildProcess;
let base: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scrapydweb-'));
  const [scrapydPort, webPort] = [await freePort(), await freePort()];
  service = await startService({ env: { SCRAPYD_PORT: String(scrapydPort) } });
  await makeScrapydUser(service);
  await promisify(execFile)(clientsPython(), [join(__dirname, 'fixtures/make_eggs.py'), folder]);
  const server = JSON.stringify([USERNAME, PASSWORD, '127.0.0.1', String(scrapydPort), 'group']);
  await writeFile(
    join(folder, 'scrapydweb_settings_v11.py'),
    `SCRAPYDWEB_BIND = '127.0.0.1'\nSCRAPYDWEB_PORT = ${webPort}\nSCRAPYD_SERVERS = [tuple(${server})]\n` +
      `DATA_PATH = ${JSON.stringify(join(folder, 'data'))}\n`,
  );
  base = `http://127.0.0.1:${webPort}/1/`;
  await startWeb();
});
afterAll(async () => {
  const gone = once(web, 'exit');
  web.kill('SIGKILL');
  await gone;
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

async function startWeb(): Promise<void> {
  // It takes our database for its own when it sees this name.
  const { DATABASE_URL: _, ...env } = process.env;
  const log = await open(join(folder, 'out.log'), 'w');
  web = spawn(join(dirname(clientsPython()), 'scrapydweb'), [], {
    cwd: folder,
    env,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  await eventually(
    async () => {
      if (web.exitCode !== null) throw new Error(await readFile(join(folder, 'out.log'), 'utf8'));
      await page('servers/');
    },
    { timeoutMs: 150_000 },
  );
}

async function page(path: string, form?: FormData | URLSearchParams): Promise<string> {
  const answer = await fetch(base + path, form ? { method: 'POST', body: form } : {});
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text;
}

async function api(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await page(`api/${path}/`)) as Record<string, unknown>;
}

/** Fills in the form of a run as its page does: first a check, then the run itself. */
async function runSpider(spider: string, jobid: string): Promise<string> {
  const check = await page(
    'schedule/check/',
    new URLSearchParams({
      project: 'shop',
      _version: 'default: the latest version',
      spider,
      jobid,
      additional: '-d setting=GIVEN_SETTING=9\r\n-d items=4',
    }),
  );
  const { filename } = JSON.parse(check) as { filename: string };
  return page('schedule/run/', new URLSearchParams({ filename, checked_amount: '1', '1': 'on' }));
}

it('deploys an egg', async () => {
  const form = new FormData();
  form.set('project', 'shop');
  form.set('version', '2026-11-21T07_44_29');
  form.set('checked_amount', '1');
  form.set('1', 'on');
  form.set('file', new Blob([new Uint8Array(await readFile(join(folder, 'shop.egg')))]), 'shop.egg');
  expect(await page('deploy/upload/', form)).toMatch(/<em class="pass">ok<\/em>.*?<td>2<\/td>/s);
  expect(await api('listprojects')).toMatchObject({ projects: ['shop'], status: 'ok' });
  expect(await api('listversions/shop')).toMatchObject({ versions: ['2026-11-21T07_44_29'] });
  expect(await api('listspiders/shop/default: the latest version')).toMatchObject({
    spiders: ['quick', 'waiting'],
  });
  expect(await page('projects/')).toContain('shop');
});

it('runs a spider and shows its job, its log and the log in figures', async () => {
  await runSpider('quick', 'from-web');
  await eventually(async () => {
    const { finished } = (await api('listjobs/shop')) as { finished: { id: string }[] };
    expect(finished.map(({ id }) => id)).toContain('from-web');
  });
  const jobs = await page('jobs/');
  expect(jobs).toMatch(
    /job: 'from-web',[^}]*?start: '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d',[^}]*?finish: '\d{4}-/s,
  );
  const stats = await page('log/stats/shop/quick/from-web/');
  expect(stats).toContain('<td id="finish_reason">finished</td>');
  expect(stats).toMatch(/<tr><th>first_log_time<\/th><td>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d<\/td>/);
  expect(stats).toMatch(/item_scraped_count.{1,40}4/);
  const log = await page('log/utf8/shop/quick/from-web/');
  expect(log).toContain('setting: 9');
  expect(log).toContain('Spider closed (finished)');
  expect(await page('logs/shop/quick/')).toContain('from-web.log');
  expect(await page('items/shop/quick/')).toContain('from-web.jl');
});

it('shows a running job and stops it', async () => {
  await runSpider('waiting', 'to-stop');
  await eventually(async () => {
    expect(await page('jobs/')).toMatch(/job: 'to-stop',\s+pid: '\d+',/);
  });
  expect(await page('log/utf8/shop/waiting/to-stop/')).toContain('to-stop');
  expect(await api('stop/shop/to-stop')).toMatchObject({ status: 'ok', prevstate: 'running' });
  await eventually(async () => {
    expect(await page('jobs/')).toMatch(/job: 'to-stop',\s+pid: '',[^}]*?finish: '\d{4}-/s);
  });
});

it('shows how busy the server is, and deletes versions and projects', async () => {
  expect(await api('daemonstatus')).toMatchObject({ status: 'ok', pending: 0 });
  expect(await page('servers/')).toContain('127.0.0.1');
  expect(await api('delversion/shop/2026-11-21T07_44_29')).toMatchObject({ status: 'ok' });
  expect(await api('delproject/shop')).toMatchObject({
    status: 'error',
    message: "project 'shop' not found",
  });
});
