import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;
let project: number;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.renew();
  project = api.team.project;
});
afterAll(() => api.close());

describe("Scrapyd's services below the Jobs API", () => {
  it('answer as on its own base, but for the two that mean something else there', async () => {
    const scrapyd = await api.get('/scrapyd/listprojects.json');
    expect((await api.get('/api/scrapyd//listprojects.json')).body).toEqual(scrapyd.body);
    expect((await api.get('/api/scrapyd/listprojects.json')).body.projects).toEqual([project]);
    expect((await api.get('/api/scrapyd/listprojects.json/')).body.projects).toEqual([project]);
    expect((await api.get('/api/scrapyd/addversion.json')).status).toBe(405);

    const [name] = scrapyd.body.projects;
    const form = `project=${name}&spider=a&jobid=mine`;
    const scheduled = await api.post('/api/scrapyd/schedule.json', form);
    expect(scheduled.body).toMatchObject({ status: 'ok', jobid: 'mine' });
    const { body } = await api.get('/api/scrapyd/listjobs.json');
    expect(body.pending).toMatchObject([{ id: 'mine', spider: 'a' }]);
    expect((await api.get('/api/scrapyd/daemonstatus.json', null)).status).toBe(401);
  });
});

describe('v2', () => {
  it('pages through projects, and through the spiders of one with their last runs', async () => {
    expect((await api.get('/api/v2/projects')).body).toEqual({
      count: 1,
      next: null,
      previous: null,
      results: [expect.objectContaining({ id: project, organization: expect.any(Number) })],
    });
    const one = (await api.get(`/api/v2/projects/${project}`)).body;
    expect(one).toEqual((await api.get('/api/v2/projects')).body.results[0]);
    expect((await api.get(`/api/v2/projects/${api.other.project}`)).status).toBe(404);

    const all = (await api.get(`/api/spiders/list.json?project=${project}`)).body.spiders;
    expect(all.length).toBeGreaterThan(1);
    const names: string[] = [];
    let next = `/api/v2/projects/${project}/spiders?archived=false&ordering=name&search=&page=1&page_size=1`;
    while (next !== null) {
      const { body } = await api.get(next.replace(/^http:\/\/[^/]+/, ''));
      expect(body.count).toBe(all.length);
      names.push(...body.results.map(({ name }: { name: string }) => name));
      next = body.next;
    }
    expect(names).toEqual(all.map(({ id }: { id: string }) => id));
    expect((await api.get(`/api/v2/projects/${project}/spiders?page=99`)).status).toBe(404);
  });

  it('knows which spider ran last, and finds spiders by a part of their names', async () => {
    const meta = encodeURIComponent('{"state":"finished","close_reason":"done"}');
    await api.post('/api/run.json', `project=${project}&spider=b&meta=${meta}`);
    const path = `/api/v2/projects/${project}/spiders`;
    const { results } = (await api.get(`${path}?ordering=-last_outcome`)).body;
    expect(results[0]).toMatchObject({
      name: 'b',
      last_outcome: 'done',
      last_item_count: 0,
      project: { id: project },
    });
    expect(results[1]).toMatchObject({ last_outcome: null, last_item_count: null });
    expect((await api.get(`${path}?search=B`)).body.results).toHaveLength(1);
  });
});

describe('a crawl with the token of its job', () => {
  it('reads its project, tags its own job, and does nothing else', async () => {
    const pushed = await api.post(`/storage/jobq/${project}/push`, '{"spider":"a","state":"running"}');
    const { key, auth } = JSON.parse(pushed.text) as { key: string; auth: string };
    const { jobid: other } = (await api.post('/api/run.json', `project=${project}&spider=b`)).body;
    const get = (path: string) => api.get(path, null).auth(key, auth);
    const post = (path: string, form: string) => api.post(path, form, null).auth(key, auth);

    expect((await get('/api/scrapyd/listprojects.json')).body.projects).toEqual([project]);
    for (const path of [
      `/api/spiders/list.json?project=${project}`,
      `/api/jobs/list.json?project=${project}`,
      `/api/settings/get.json?project=${project}`,
      `/storage/projects/${project}/settings`,
      `/storage/jobq/${project}/list?state=pending`,
      `/storage/jobs/${other}`,
      `/storage/jobs/${key}`,
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 200]);
    }

    const tag = (form: string) => post('/api/jobs/update.json', `project=${project}&add_tag=t&${form}`);
    expect((await tag(`job=${key}`)).body).toEqual({ status: 'ok', count: 1 });
    const refusals = [
      await tag(`job=${other}`),
      await tag(`job=${key}&job=${other}`),
      await tag('spider=a'),
      await post('/api/run.json', `project=${project}&spider=b&x=1`),
      await post('/api/jobs/stop.json', `project=${project}&job=${key}`),
      await post('/api/jobs/delete.json', `project=${project}&job=${key}`),
      await get('/api/v2/users/me'),
      await get(`/storage/items/${other}`),
      await post(`/storage/projects/${project}/settings`, '{"a":1}'),
      await get(`/storage/ids/${project}/spider/new?create=1`),
    ];
    expect(refusals.map(({ status }) => status)).toEqual(refusals.map(() => 403));
    expect((await get(`/api/jobs/list.json?project=${api.other.project}`)).status).toBe(404);
    expect((await get(`/storage/jobs/${api.other.project}/1/1`)).text).toBe('{}\n');
    expect((await api.get('/api/jobs/list.json', null).auth(key, 'wrong')).status).toBe(401);
  });
});
