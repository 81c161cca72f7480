import { type ChildProcess, spawn } from 'node:child_process';
import { type JobKey, type StreamWriter, service } from '@spiderhub/core';
import { eventually, scheduleRequest } from '@spiderhub/testkit';
import { Chromium, describeInBrowser } from '../../browser/support/browser.ts';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { findNginx, type Nginx, startNginx } from '../../support/nginx.ts';
import { listen } from '../../support/sse.ts';
import { Browser, withKey } from './client.ts';
import { makeUser, PASSWORD } from './people.ts';

let api: ApiUnderTest;
let base: string;
let key: JobKey;
let path: string;
let log: StreamWriter;
let written = 0;

beforeAll(async () => {
  api = await startApi();
  const address = api.server.address();
  if (address === null || typeof address === 'string') throw new Error('the API does not listen');
  base = `http://127.0.0.1:${address.port}`;
});
beforeEach(async () => {
  await api.renew();
  const request = scheduleRequest(api.team.project, 'a', { state: 'running', external: true });
  key = await api.jobs.schedule(request);
  path = `/console/jobs/${key.project}/${key.spider}/${key.job}/log/stream`;
  const { attempt } = (await api.jobs.find(key)) as { attempt: number };
  log = await api.streams.openWriter({ key, attempt, stream: 'logs' });
  written = 0;
});
afterEach(() => log.seal());
afterAll(() => api.close());

/** Some more lines, numbered from the first one on. */
async function write(count: number): Promise<void> {
  log.append(
    Array.from({ length: count }, () => {
      written += 1;
      return Buffer.from(JSON.stringify({ time: Date.now(), level: 20, message: `line ${written}` }));
    }),
  );
  await log.flush();
}

const all = () => Array.from({ length: written }, (_, n) => `line ${n + 1}`);
const linesIn = (text: string) => [...text.matchAll(/"message":"(line \d+)"/g)].map(([, line]) => line);

describe('curl -N', () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const one of running.splice(0)) one.kill();
  });

  function curl(...more: string[]): { text(): string; ended: Promise<unknown> } {
    const args = ['-sS', '-N', '-u', `${api.team.key}:`, ...more, `${base}${path}`];
    const child = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    running.push(child);
    let text = '';
    child.stdout?.on('data', (piece: Buffer) => {
      text += piece.toString('utf8');
    });
    return { text: () => text, ended: new Promise((resolve) => child.once('exit', resolve)) };
  }

  it('shows lines as they come, goes on behind the last one, and ends with the job', async () => {
    await write(3);
    const first = curl();
    await eventually(() => expect(linesIn(first.text())).toEqual(all()));
    await write(2);
    await eventually(() => expect(linesIn(first.text())).toEqual(all()));
    const ids = [...first.text().matchAll(/^id: (.+)$/gm)].map(([, id]) => id);
    const second = curl('-H', `Last-Event-ID: ${ids[2]}`);
    await eventually(() => expect(linesIn(second.text())).toEqual(['line 4', 'line 5']));
    await api.jobs.move({
      ...key,
      state: 'finished',
      change: { closeReason: 'finished', meta: new Map(), forget: [] },
      by: service('test'),
    });
    await Promise.all([first.ended, second.ended]);
    expect(first.text()).toMatch(/event: end\ndata: .*"close_reason":"finished"/);
  });
});

describeInBrowser("a browser's EventSource", () => {
  const chromium = new Chromium();
  beforeAll(() => chromium.start());
  afterEach(() => chromium.closeAll(null));
  afterAll(() => chromium.stop());

  it('follows a log with the cookie of its session, and goes on exactly however often it is cut', async () => {
    const { name: organisation } = await api.database
      .database('organisations as o')
      .join('projects as p', 'p.organisation_id', 'o.id')
      .where('p.id', api.team.project)
      .first('o.name');
    await makeUser(api, `viewer-${organisation}`, organisation, 'reader');
    const client = new Browser(api);
    await client.signIn({ name: `viewer-${organisation}`, password: PASSWORD });
    const { page, context } = await chromium.open();
    await context.addCookies([...client.cookies].map(([name, value]) => ({ name, value, url: base })));
    await page.goto(`${base}/console/openapi.json`);
    await page.evaluate((address) => {
      const seen: string[] = [];
      const source = new EventSource(address);
      source.onmessage = ({ data }) => seen.push((JSON.parse(data) as { message: string }).message);
      source.addEventListener('end', () => seen.push('end'));
      Object.assign(globalThis, { seen, source });
    }, path);
    const seen = () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    for (let cut = 0; cut < 4; cut += 1) {
      await write(5);
      await eventually(async () => expect((await seen()).length).toBeGreaterThan(cut * 6));
      api.server.closeAllConnections();
      await write(1);
    }
    await eventually(async () => expect(await seen()).toEqual(all()));
    await api.jobs.move({
      ...key,
      state: 'finished',
      change: { closeReason: 'finished', meta: new Map(), forget: [] },
      by: service('test'),
    });
    await eventually(async () => expect(await seen()).toEqual([...all(), 'end']));
    // It comes again by itself, and stops at 204: 2 is CLOSED.
    const state = () =>
      page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState);
    await eventually(async () => expect(await state()).toBe(2));
  });
});

const hasNginx = findNginx() !== null;
if (!hasNginx) process.stderr.write('Streams through nginx skipped, there is none (apt-get install nginx)\n');

(hasNginx ? describe : describe.skip)('through an nginx with its defaults', () => {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx(base);
  });
  afterAll(() => nginx.stop());

  it('lines come at once, one by one, and again from where they were cut', async () => {
    const viewer = await listen(`${nginx.url}${path}`, withKey(api.team.key));
    for (let n = 1; n <= 3; n += 1) {
      await write(1);
      await eventually(() => expect(linesIn(viewer.text())).toEqual(all()));
    }
    expect(viewer.headers['x-accel-buffering']).toBeUndefined();
    viewer.close();
    await write(2);
    const again = await listen(`${nginx.url}${path}`, {
      ...withKey(api.team.key),
      'last-event-id': viewer.events.at(-1)?.id ?? '',
    });
    await eventually(() => expect(linesIn(again.text())).toEqual(['line 4', 'line 5']));
    again.close();
  });
});
