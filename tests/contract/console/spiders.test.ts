import { formatJobKey, type ScheduleRequest, service } from '@spiderhub/core';
import { saveVersion, scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { finishJob } from './jobs.ts';

let api: ApiUnderTest;
let page: Browser;
let base: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.renew();
  page = new Browser(api, withKey(api.team.key));
  base = `/projects/${api.team.project}`;
});

async function run(reason: string, items: number, more: Partial<ScheduleRequest> = {}): Promise<string> {
  const key = formatJobKey(await api.jobs.schedule(scheduleRequest(api.team.project, 'a', more)));
  await finishJob(api.database.database, key, reason, { items });
  return key;
}

it('the health of a project is each spider with its last runs, the newest first', async () => {
  for (const items of [90, 100, 110]) await run('finished', items);
  const last = await run('failed', 3);
  await api.jobs.schedule(scheduleRequest(api.team.project, 'b'));
  const { body } = await page.get(`${base}/health?runs=2`);
  expect(body).toMatchObject({
    isPartial: false,
    spiders: [
      {
        name: 'a',
        version: '1.0',
        pending: 0,
        usualItems: { median: 100, runs: 3 },
        runs: [
          { key: last, outcome: 'failed', closeReason: 'failed', items: 3, seconds: expect.any(Number) },
          { outcome: 'ok', items: 110 },
        ],
      },
      { name: 'b', pending: 1, running: 0, usualItems: null, runs: [] },
    ],
  });
});

it('spiders are listed, the last used first', async () => {
  await api.jobs.schedule(scheduleRequest(api.team.project, 'a'));
  const key = await api.jobs.schedule(scheduleRequest(api.team.project, 'b'));
  await finishJob(api.database.database, formatJobKey(key), 'finished');
  const { spiders } = (await page.get(`${base}/spiders`)).body;
  expect(spiders.map(({ name }: { name: string }) => name)).toEqual(['b', 'a']);
  expect(spiders[1]).toEqual({ number: 1, name: 'a', version: '1.0', tags: [], lastRunAt: null });
});

it('a spider shows its runs, its arguments, its versions, what is usual, and its tags', async () => {
  await saveVersion(api.database.database, api.team.project, '2.0', ['b']);
  for (const items of [4, 5, 6]) await run('finished', items, { args: { lang: `l${items}` } });
  const { status, body } = await page.get(`${base}/spiders/1`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    number: 1,
    name: 'a',
    versions: ['1.0'],
    usual: { items: { median: 5, runs: 3 } },
    args: [{ name: 'lang', values: ['l6', 'l5', 'l4'] }],
  });
  expect(body.runs).toHaveLength(3);
  expect((await page.send('POST', `${base}/spiders/1/tags`, { add: ['x', 'y'] })).body).toEqual({
    tags: ['x', 'y'],
  });
  expect((await page.send('POST', `${base}/spiders/1/tags`, { remove: ['x'] })).body).toEqual({
    tags: ['y'],
  });
  expect((await page.get(`${base}/spiders/99`)).body.error.code).toBe('spider_not_found');
  await api.parts.projects.changeSettings(
    service('me'),
    api.team.project,
    new Map([['LOG_LEVEL', '"INFO"']]),
    [],
  );
  expect((await page.get(`${base}/spiders/1/settings`)).body).toEqual({
    layers: [
      { layer: 'project', settings: [{ name: 'LOG_LEVEL', value: '"INFO"' }] },
      { layer: 'spider', settings: [] },
    ],
  });
});
