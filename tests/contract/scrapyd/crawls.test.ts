import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@spiderhub/testkit';
import { basic, makeScrapydUser, PASSWORD, USERNAME } from '../../support/scrapyd.ts';
import { type Service, startService } from '../../support/service.ts';
import { clientsPython } from './differential/peers.ts';

/** Real crawls through Scrapyd's API: what spiders are given, how they are stopped, and what is left of them. */

let service: Service;
let folder: string;
/** Takes requests and never answers. */
let silent: Server;
let silentUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crawls-'));
  await promisify(execFile)(clientsPython(), [join(__dirname, 'fixtures/make_eggs.py'), folder]);
  service = await startService();
  await makeScrapydUser(service);
  silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  silentUrl = `http://127.0.0.1:${(silent.address() as { port: number }).port}/`;
  const form = new FormData();
  form.set('project', 'shop');
  form.set('version', '1.0');
  form.set('egg', new Blob([new Uint8Array(await readFile(join(folder, 'hanging.egg')))]), 'shop.egg');
  expect(await (await send('addversion.json', form)).json()).toMatchObject({ status: 'ok', spiders: 3 });
});
afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

function send(path: string, form?: FormData | Record<string, string>): Promise<Response> {
  const headers = { authorization: basic(USERNAME, PASSWORD) };
  const url = `${service.url}/scrapyd/${path}`;
  if (!form) return fetch(url, { headers });
  const body = form instanceof FormData ? form : new URLSearchParams(form);
  return fetch(url, { method: 'POST', headers, body });
}

async function schedule(spider: string, jobid: string, more: Record<string, string> = {}): Promise<void> {
  const answer = await send('schedule.json', { project: 'shop', spider, jobid, ...more });
  expect(await answer.json()).toMatchObject({ status: 'ok', jobid });
}

async function cancel(job: string, signal = 'INT'): Promise<unknown> {
  return (
    (await (await send('cancel.json', { project: 'shop', job, signal })).json()) as { prevstate: unknown }
  ).prevstate;
}

interface Finished {
  id: string;
  key: string;
  finish_reason: string;
  exit_status: number | string;
}

function finished(job: string): Promise<Finished> {
  return eventually(async () => {
    const list = (await (await send('listjobs.json?project=shop&state=finished')).json()) as {
      finished: Finished[];
    };
    const found = list.finished.find(({ id }) => id === job);
    if (!found) throw new Error(`${job} has not finished`);
    return found;
  });
}

async function logOf(spider: string, job: string): Promise<string> {
  return (await send(`logs/shop/${spider}/${job}.log`)).text();
}

async function logHas(spider: string, job: string, text: string): Promise<void> {
  await eventually(async () => expect(await logOf(spider, job)).toContain(text));
}

it('gives the spider its arguments, its settings and its name', async () => {
  await schedule('quick', 'given', { _version: '1_0', a: 'é', setting: 'GIVEN_SETTING=x' });
  expect(await finished('given')).toMatchObject({ finish_reason: 'finished', exit_status: 0 });
  const log = await logOf('quick', 'given');
  expect(log).toContain("('_job', 'given'), ('_version', '1_0'), ('a', 'é')");
  expect(log).toContain('setting: x');
});

it('writes times as text, behind links that work as they are and encoded, though the name has a slash', async () => {
  const form = new FormData();
  form.set('project', 'times');
  form.set('version', '1.0');
  form.set('egg', new Blob([new Uint8Array(await readFile(join(folder, 'times.egg')))]), 'times.egg');
  expect(await (await send('addversion.json', form)).json()).toMatchObject({ status: 'ok' });
  await send('schedule.json', { project: 'times', spider: 'a/b', jobid: 'j' });
  const job = await eventually(async () => {
    const list = await (await send('listjobs.json?project=times')).json();
    const [found] = (list as { finished: { log_url: string; items_url: string }[] }).finished;
    if (!found) throw new Error('it has not finished');
    return found;
  });
  expect(job.items_url).toBe('/scrapyd/items/times/a/b/j.jl');
  for (const path of ['items/times/a/b/j.jl', 'items/times/a%2Fb/j.jl']) {
    expect(JSON.parse(await (await send(path)).text())).toMatchObject({
      plain: '2020-01-02 03:04:05',
      zoned: '2020-01-02 03:04:05+05:00',
      day: '2020-01-02',
      in: ['2020-01-02 03:04:05'],
    });
  }
  const log = await send(job.log_url.replace('/scrapyd/', ''));
  expect([log.status, log.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  for (const path of ['logs/times/a/b', 'logs/times/a/b/'])
    expect(await (await send(path)).text()).toContain('j.log');
  expect((await send('logs/times/a/')).status).toBe(404);
});

it('shows the job with its key, counts and arguments in the Jobs API, and a job of that one here', async () => {
  await schedule('quick', 'shared', { items: '5' });
  const { key } = await finished('shared');
  const project = key.split('/')[0] as string;
  const listed = await service.call(`/api/jobs/list.json?project=${project}&job=${key}`);
  expect(await listed.json()).toMatchObject({
    jobs: [{ id: key, spider: 'quick', state: 'finished', items_scraped: 5, spider_args: { items: '5' } }],
  });
  await service.call('/api/jobs/update.json', { project, job: key, add_tag: 'consumed' });
  const tagged = await service.call(`/api/jobs/count.json?project=${project}&has_tag=consumed`);
  expect(await tagged.json()).toMatchObject({ total: 1 });

  const scheduled = await service.call('/api/run.json', { project, spider: 'quick', items: '1' });
  const { jobid } = (await scheduled.json()) as { jobid: string };
  const name = jobid.replaceAll('/', '-');
  expect(await finished(name)).toMatchObject({ key: jobid });
  expect(await (await send(`items/shop/quick/${name}.jl`)).text()).toContain('"n":0');
});

it('stops politely at the first cancel and at once at the second', async () => {
  await schedule('hanging', 'twice', { url: silentUrl });
  await logHas('hanging', 'twice', 'asked');
  expect(await cancel('twice')).toBe('running');
  await logHas('hanging', 'twice', 'shutting down gracefully. Send again to force');
  expect(await cancel('twice')).toBe('running');
  expect(await finished('twice')).toMatchObject({ finish_reason: 'cancelled' });
  expect(await logOf('hanging', 'twice')).toContain('twice, forcing unclean shutdown');
  expect(await cancel('twice')).toBeNull();
});

it('kills a job that is to be killed, whatever it does', async () => {
  await schedule('hanging', 'killed', { url: silentUrl });
  await logHas('hanging', 'killed', 'asked');
  expect(await cancel('killed', 'KILL')).toBe('running');
  expect(await finished('killed')).toMatchObject({ finish_reason: 'cancelled', exit_status: 'SIGKILL' });
});

it('shows the log and the items of a job that runs', async () => {
  await schedule('waiting', 'open');
  await logHas('waiting', 'open', 'waiting now');
  await eventually(async () => {
    expect(await (await send('items/shop/waiting/open.jl')).text()).toContain('"n":1');
  });
  expect(await cancel('open')).toBe('running');
  expect(await finished('open')).toMatchObject({ finish_reason: 'cancelled' });
});

it('writes logs that LogParser reads', async () => {
  await schedule('quick', 'parsed', { items: '7' });
  await finished('parsed');
  const figures = JSON.parse(
    execFileSync(clientsPython(), [join(__dirname, 'fixtures/logparser_figures.py')], {
      input: await logOf('quick', 'parsed'),
      encoding: 'utf8',
    }),
  ) as Record<string, unknown>;
  expect(figures).toMatchObject({
    finish_reason: 'finished',
    items: 7,
    first_log_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    crawler_stats: expect.objectContaining({ item_scraped_count: 7 }),
  });
});
