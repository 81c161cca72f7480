import { formatJobKey, hashApiKey, newApiKey, service } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { saveVersion, scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { finishJob } from './jobs.ts';
import { makeUser, PASSWORD } from './people.ts';

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

interface Past {
  reason?: string;
  items?: number;
  lines?: string[];
  error?: string;
}

async function run(spider: string, { reason = 'finished', items = 0, lines, error }: Past): Promise<string> {
  const key = await api.jobs.schedule(scheduleRequest(api.team.project, spider));
  await finishJob(api.database.database, formatJobKey(key), reason, { items, errors: error ? 1 : 0 });
  const write = (stream: 'items' | 'logs', texts: string[]) =>
    api.streams.write(
      { key, attempt: 1, stream },
      texts.map((text) => Buffer.from(text)),
    );
  if (lines) await write('items', lines);
  if (error) await write('logs', [JSON.stringify({ time: 1, level: 40, message: error })]);
  return formatJobKey(key);
}

it('names each cause once, however many spiders it concerns', async () => {
  const broken = Array.from({ length: 41 }, (_, n) => `broken-${n + 1}`);
  const others = ['lost', 'empty', 'fine', 'quiet'];
  await saveVersion(api.database.database, api.team.project, '2.0', [...broken, ...others]);
  for (const spider of broken)
    await run(spider, {
      reason: 'failed',
      error: `Could not reach proxy 10.0.0.${spider.length} for "${spider}"`,
    });
  for (let past = 0; past < 3; past += 1) {
    await run('lost', { items: 2, lines: ['{"name":1,"price":1}', '{"name":1,"price":1}'] });
    await run('empty', { items: 100 });
    await run('fine', { items: 100 });
    await run('quiet', { items: 0 });
  }
  await run('lost', { items: 2, lines: ['{"name":1}', '{"name":1}'] });
  const empty = await run('empty', { items: 0 });
  await run('fine', { items: 105 });
  await run('quiet', { items: 0 });
  await api.parts.periodic.create(service('me'), api.team.project, {
    cron: '0 0 * * *',
    timezone: 'UTC',
    overlap: 'skip',
    catchup: 'skip',
    jitterSeconds: 0,
    startAt: null,
    endAt: null,
    disabled: false,
    description: '',
    tags: [],
    tasks: [{ spider: 'a', args: {}, command: null, priority: 2, units: 1, settings: {}, environment: {} }],
  });
  const { database } = api.database;
  const { id } = await database('periodic_jobs').where({ project_id: api.team.project }).first('id');
  await database('periodic_runs').insert({
    periodic_id: id,
    planned_at: new Date(),
    outcome: 'refused',
    reason: 'the project is closed',
    jobs: [],
  });
  const { status, body } = await page.get(`${base}/overview`);
  expect(status).toBe(200);
  expect(
    body.concerns.map(({ kind, cause, count }: Record<string, unknown>) => [kind, cause, count]),
  ).toEqual([
    ['failed', '41 spiders ended with failed: Could not reach proxy # for #', 41],
    ['no items', 'empty gave no items', 1],
    ['lost field', 'lost lost the field price', 1],
    ['not started', 'a did not start: the project is closed', 1],
  ]);
  expect(body.concerns[0].spiders[0]).toMatchObject({ name: 'broken-1', job: expect.any(String), items: 0 });
  expect(body.concerns[1].spiders).toMatchObject([{ name: 'empty', job: empty, items: 0, usual: 100 }]);
  expect(body.strip).toEqual({
    running: 0,
    pending: 0,
    oldestPending: null,
    finished: { count: 57, atLeast: false },
    failed: { count: 41, atLeast: false },
  });
  expect(body.dots).toHaveLength(57);
  expect(body.steps).toEqual({ hasKey: true, hasVersion: true, hasJob: true });
  // What was looked up is remembered, and still the same.
  expect((await page.get(`${base}/overview`)).body.concerns).toEqual(body.concerns);
});

it('of a project in which nothing ever ran is empty', async () => {
  await page.send('DELETE', `${base}/versions/1.0`);
  const { body } = await page.get(`${base}/overview`);
  expect(body).toMatchObject({ concerns: [], dots: [], steps: { hasVersion: false, hasJob: false } });
});

it('projects have numbers', async () => {
  await run('a', { reason: 'failed' });
  await api.jobs.schedule(scheduleRequest(api.team.project, 'a'));
  const { body } = await page.get('/overview');
  expect(body.projects).toEqual([
    {
      id: api.team.project,
      pending: 1,
      running: 0,
      finished: 1,
      failed: { count: 1, atLeast: false },
      spiders: 2,
      lastJobAt: expect.any(String),
    },
  ]);
  const { oldestPending } = (await page.get(`${base}/overview`)).body.strip;
  expect(Date.parse(oldestPending)).toBeLessThanOrEqual(Date.now() + 5000);
});

it('the palette finds spiders, jobs, tags and versions, of this project alone', async () => {
  await saveVersion(api.database.database, api.team.project, '2.0-books', ['books', 'old-books']);
  await saveVersion(api.database.database, api.other.project, '1', ['books-elsewhere']);
  const key = formatJobKey(
    await api.jobs.schedule(scheduleRequest(api.team.project, 'books', { tags: ['book-club', 'x'] })),
  );
  const search = async (q: string) => (await page.get(`${base}/search?q=${encodeURIComponent(q)}`)).body;
  expect(await search('BOOK')).toMatchObject({
    spiders: [{ name: 'books' }, { name: 'old-books' }],
    jobs: [],
    tags: ['book-club'],
    versions: ['2.0-books'],
  });
  expect(await search(key)).toMatchObject({ jobs: [{ key, spider: 'books', state: 'pending' }] });
  expect(await search(key.split('/').slice(1).join('/'))).toMatchObject({ jobs: [{ key }] });
  expect(await search('%')).toEqual({ spiders: [], jobs: [], tags: [], versions: [] });
});

describe('saved filters', () => {
  async function member(role: 'operator' | 'reader'): Promise<Browser> {
    const { organisation } = await api.database
      .database('projects')
      .join('organisations', 'organisations.id', 'projects.organisation_id')
      .where('projects.id', api.team.project)
      .first('organisations.name as organisation');
    const name = `${role}-of-${api.team.project}`;
    await makeUser(api, name);
    await createAdminStore(api.database.database).addMember(organisation, name, role);
    const browser = new Browser(api);
    await browser.signIn({ name, password: PASSWORD });
    return browser;
  }

  it("are one's own, or those of everybody by who operates", async () => {
    const [operator, reader] = [await member('operator'), await member('reader')];
    const own = await reader.send('POST', `${base}/views`, { name: 'mine', q: 'state:failed' });
    expect(own.body).toMatchObject({ name: 'mine', q: 'state:failed', isShared: false });
    expect((await reader.send('POST', `${base}/views`, { name: 'all', q: '', isShared: true })).status).toBe(
      403,
    );
    const shared = await operator.send('POST', `${base}/views`, { name: 'all', q: 'tag:x', isShared: true });
    const again = await operator.send('POST', `${base}/views`, { name: 'all', q: 'tag:y', isShared: true });
    expect(again.body).toMatchObject({ id: shared.body.id, q: 'tag:y' });
    const names = async (browser: Browser) =>
      (await browser.get(`${base}/views`)).body.views.map(({ name }: { name: string }) => name);
    expect(await names(reader)).toEqual(['all', 'mine']);
    expect(await names(operator)).toEqual(['all']);
    expect((await operator.send('DELETE', `${base}/views/${own.body.id}`)).status).toBe(404);
    expect((await reader.send('DELETE', `${base}/views/${shared.body.id}`)).status).toBe(403);
    expect((await operator.send('DELETE', `${base}/views/${shared.body.id}`)).body).toEqual({});
    expect(await names(reader)).toEqual(['mine']);
    expect((await reader.send('POST', `${base}/views`, { name: 'x', q: 'odd:1' })).body.error.field).toBe(
      'q',
    );
  });
});

it('staff sees the service as a whole, and nobody else', async () => {
  expect((await page.get('/server')).status).toBe(403);
  const { database } = api.database;
  await database('workers').insert({ id: 'w1', host: 'here', slots: 4 });
  const admin = createAdminStore(database);
  const key = newApiKey();
  await admin.createKey({
    hash: hashApiKey(key),
    hint: key.slice(0, 4),
    user: null,
    project: null,
    staff: true,
  });
  const { status, body } = await new Browser(api, withKey(key)).get('/server');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    postgres: expect.stringMatching(/^\d+/),
    migration: expect.stringMatching(/^\d{4}_/),
    workers: [{ id: 'w1', host: 'here', slots: 4, running: 0, isAlive: true }],
    slots: 4,
    leader: null,
    isolation: 'none',
    streamsToFree: 0,
  });
});
