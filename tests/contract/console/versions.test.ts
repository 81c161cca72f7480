import { saveVersion, scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';

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

const save = (name: string, spiders: string[], more = {}) =>
  saveVersion(api.database.database, api.team.project, name, spiders, more);
const versions = async () => (await page.get(`${base}/versions`)).body.versions;

it('versions are listed with what each changed, and the one in use', async () => {
  await save('2.0', ['a', 'c'], { requirements: 'x==1\n# note\n', scripts: ['s.py'] });
  await api.jobs.schedule(scheduleRequest(api.team.project, 'a', { version: '1.0' }));
  expect(await versions()).toMatchObject([
    {
      name: '2.0',
      inUse: true,
      spiders: 2,
      scripts: 1,
      changes: { added: ['c', 'py:s.py'], removed: ['b'], requirements: { added: ['x==1'], removed: [] } },
      activeJobs: 0,
    },
    { name: '1.0', inUse: false, changes: null, activeJobs: 1 },
  ]);
});

it('an earlier version comes into use again: new jobs run it, and the log tells of it', async () => {
  await save('2.0', ['a', 'c']);
  expect((await page.get(`${base}/versions/1.0`)).body.use).toEqual({
    appear: ['b'],
    vanish: ['c'],
    breaksPeriodic: [],
  });
  expect((await page.send('POST', `${base}/versions/1.0/use`, {})).body).toEqual({});
  expect(
    (await versions()).map(({ name, inUse }: { name: string; inUse: boolean }) => [name, inUse]),
  ).toEqual([
    ['1.0', true],
    ['2.0', false],
  ]);
  const { database } = api.database;
  const told = await database('events').where({ project_id: api.team.project, type: 'version.deployed' });
  expect(told).toHaveLength(3);
  expect((await page.send('POST', `${base}/versions/9.9/use`, {})).body.error.code).toBe('version_not_found');
});

it('a version is deleted unless jobs wait for it; with the last one what waits is cancelled', async () => {
  await save('2.0', ['a']);
  await api.jobs.schedule(scheduleRequest(api.team.project, 'a', { version: '1.0' }));
  const refused = await page.send('DELETE', `${base}/versions/1.0`);
  expect([refused.status, refused.body.error.code]).toEqual([409, 'version_in_use']);
  await page.send('POST', `${base}/bulk/stop`, { q: '' });
  expect((await page.send('DELETE', `${base}/versions/1.0`)).body).toEqual({});
  expect((await page.send('DELETE', `${base}/versions/1.0`)).status).toBe(404);
  await api.jobs.schedule(scheduleRequest(api.team.project, 'a'));
  expect((await page.send('DELETE', `${base}/versions/2.0`)).body).toEqual({});
  expect(await versions()).toEqual([]);
  expect((await page.get(`${base}/jobs?q=state:pending`)).body.jobs).toEqual([]);
});

describe('an egg', () => {
  async function deploy(fields: Record<string, string>, egg: string | null = 'PK egg') {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    if (egg !== null) form.set('egg', new Blob([egg]), 'x.egg');
    const { port } = api.server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/console${base}/versions`, {
      method: 'POST',
      headers: withKey(api.team.key),
      body: form,
    });
    return { status: response.status, text: await response.text() };
  }

  it('is deployed by a form, with the log of its build and the verdict in the last line', async () => {
    api.inspect.mockImplementationOnce(async (_egg, log) => {
      log('Looking at the egg');
      return { settingsModule: 'x.settings', spiders: ['quotes'], scripts: [] };
    });
    const { status, text } = await deploy({ version: '3.0', requirements: 'x==1' });
    expect(status).toBe(200);
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toBe('Looking at the egg');
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ status: 'ok', version: '3.0', spiders: 1, scripts: 0 });
    expect((await page.get(`${base}/versions/3.0`)).body).toMatchObject({
      inUse: true,
      spiderNames: ['quotes'],
      requirements: 'x==1',
      deployedBy: expect.stringMatching(/-user$/),
    });
  });

  it('that is refused changes nothing, and says why', async () => {
    api.inspect.mockImplementationOnce(async () => {
      throw new Error('out of order');
    });
    const { text } = await deploy({ version: '3.0' });
    expect(JSON.parse(text)).toEqual({ status: 'error', message: 'internal error' });
    for (const [fields, egg, field] of [
      [{}, 'PK', 'version'],
      [{ version: '3.0' }, null, 'egg'],
      [{ version: '3.0', odd: '1' }, 'PK', 'odd'],
    ] as const) {
      const answer = await deploy(fields, egg);
      expect([answer.status, JSON.parse(answer.text).error.field]).toEqual([400, field]);
    }
    expect((await versions()).map(({ name }: { name: string }) => name)).toEqual(['1.0']);
  });
});
