import { hashApiKey, newApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(() => api.renew());
afterAll(() => api.close());

it("listprojects.json gives the numbers of the caller's projects", async () => {
  const { body } = await api.get('/api/scrapyd/listprojects.json');
  expect(body).toEqual({ projects: [api.team.project], status: 'ok' });
});

it('a staff key reaches every project and lists none', async () => {
  const key = newApiKey();
  const admin = createAdminStore(api.database.database);
  await admin.createKey({ hash: hashApiKey(key), hint: 'x', user: null, project: null, staff: true });
  expect((await api.get('/api/scrapyd/listprojects.json', key)).body).toEqual({ projects: [], status: 'ok' });
  for (const project of [api.team.project, api.other.project]) {
    expect((await api.get(`/api/jobs/list.json?project=${project}`, key)).status).toBe(200);
  }
  expect((await api.get('/api/jobs/list.json?project=987654', key)).status).toBe(404);
});

it('spiders/list.json names spiders with their newest version', async () => {
  const list = (query = '') => api.get(`/api/spiders/list.json?project=${api.team.project}${query}`);
  const spider = (id: string) => ({ version: '1.0', tags: [], id, type: 'manual' });
  expect((await list()).body).toEqual({ spiders: [spider('a'), spider('b')], status: 'ok' });
  expect((await list('&spider=b')).body.spiders).toEqual([spider('b')]);
  expect((await list('&spider=b&spider=a&spider=c')).body.spiders).toHaveLength(2);
  expect((await list('&spider=c')).body.spiders).toEqual([]);
});

it('v2/users/me tells who a key belongs to', async () => {
  const answer = await api.get(`/api/v2/users/me?apikey=${api.team.key}`, null);
  expect(answer.status).toBe(200);
  expect(answer.body.username).toMatch(/-user$/);
  expect((await api.get('/api/v2/users/me?apikey=wrong', null)).status).toBe(401);
});

describe('probes', () => {
  it('healthz answers without a key', async () => {
    const answer = await api.get('/healthz', null);
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
  });

  it('readyz names what is missing', async () => {
    const fails = () => Promise.reject(new Error('away'));
    const broken = await startApi({
      app: { checks: { database: async () => {}, redis: fails, worker: fails } },
    });
    try {
      const answer = await broken.get('/readyz', null);
      expect([answer.status, answer.body]).toEqual([
        503,
        { status: 'unavailable', missing: ['redis', 'worker'] },
      ]);
    } finally {
      await broken.close();
    }
    const answer = await api.get('/readyz', null);
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok', missing: [] }]);
  });
});
