import { gzipSync } from 'node:zlib';
import type { ApiUnderTest } from '../api/support.ts';
import { organisationOf, setLimits, startLimitedApi } from './support.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startLimitedApi();
});
// Limits are remembered for a second: each test has teams of its own.
beforeEach(() => api.renew());
afterAll(() => api?.close());

const EGG = Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]);

describe('too many requests', () => {
  const PER_SECOND = 2;

  async function refused(path: string, key = api.team.key) {
    let last = await api.get(path, key);
    for (let i = 0; i < 5 && last.status !== 429; i++) last = await api.get(path, key);
    return last;
  }

  beforeEach(async () => {
    const organisation = await organisationOf(api);
    await setLimits(api, { organisation }, { requestsPerSecond: PER_SECOND, burstSeconds: 60 });
    // More than a window has, so that the next one is refused in each dialect.
    for (let i = 0; i < PER_SECOND * 60; i++) await api.get('/api/scrapyd/listprojects.json');
  });

  it('are refused in the words of each dialect, with the time to wait', async () => {
    const { project } = api.team;
    const words = /Too many requests: organisation \d+ may send 2 a second, try again in \d+ s/;
    const jobsApi = await refused(`/api/jobs/list.json?project=${project}`);
    expect(jobsApi.body).toEqual({ status: 'error', message: expect.stringMatching(words) });
    const queue = await refused(`/storage/jobq/${project}/count`);
    expect(queue.body).toEqual({ error: 'Too Many Requests', message: expect.stringMatching(words) });
    const records = await refused(`/storage/items/${project}/1/1`);
    expect(records.text).toMatch(words);
    const scrapyd = await refused('/scrapyd/daemonstatus.json');
    expect(scrapyd.body).toMatchObject({ status: 'error', message: expect.stringMatching(words) });
    const console = await refused('/console/projects');
    expect(console.body).toEqual({
      error: { code: 'too_many_requests', message: expect.stringMatching(words) },
    });
    for (const answer of [jobsApi, queue, records, scrapyd, console]) {
      expect(answer.status).toBe(429);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    }
    // Others are not concerned.
    expect((await api.get(`/api/jobs/list.json?project=${api.other.project}`, api.other.key)).status).toBe(
      200,
    );
  });
});

describe('a project that has reached a limit', () => {
  const reached = (name: string) =>
    expect.stringMatching(new RegExp(`^${name}: project \\d+ has reached its limit of 1 `));

  it('schedules no more jobs, and keeps those that it was told of', async () => {
    const { project } = api.team;
    await setLimits(api, { project }, { pendingJobs: 1 });
    const form = `project=${project}&spider=a`;
    const first = await api.post('/api/schedule.json', form).set('Idempotency-Key', 'one');
    expect(first.body).toEqual({ status: 'ok', jobid: `${project}/1/1` });

    const jobsApi = await api.post('/api/schedule.json', `${form}&n=2`);
    expect([jobsApi.status, jobsApi.body]).toEqual([
      403,
      { status: 'error', message: reached('pendingJobs') },
    ]);
    const run = await api.post('/api/run.json', `${form}&n=3`);
    expect([run.status, run.body]).toEqual([403, { status: 'error', message: reached('pendingJobs') }]);
    const push = await api.post(`/storage/jobq/${project}/push`, { spider: 'b' });
    // A push answers each of its lines by itself.
    expect(JSON.parse(push.text)).toEqual({ error: reached('pendingJobs'), request: { spider: 'b' } });
    const scrapyd = await api.post('/scrapyd/schedule.json', `project=${await nameOf(project)}&spider=b`);
    expect([scrapyd.status, scrapyd.body]).toEqual([
      200,
      expect.objectContaining({ status: 'error', message: reached('pendingJobs') }),
    ]);

    // A repeated call is answered with what it was answered before.
    const again = await api.post('/api/schedule.json', form).set('Idempotency-Key', 'one');
    expect(again.body).toEqual(first.body);
    await api.post('/api/jobs/stop.json', `project=${project}&job=${project}/1/1`).expect(200);
    expect((await api.post('/api/schedule.json', `${form}&n=4`)).body.status).toBe('ok');
  });

  it('moves no more jobs back to those that wait', async () => {
    const { project } = api.team;
    await setLimits(api, { project }, { pendingJobs: 1 });
    const form = `project=${project}&spider=a`;
    const move = (state: string) =>
      api.post(`/storage/jobq/${project}/update`, { key: `${project}/1/1`, state });
    await api.post('/api/schedule.json', form).expect(200);
    expect((await move('finished')).status).toBe(200);
    await api.post('/api/schedule.json', `${form}&n=2`).expect(200);
    const refused = await move('pending');
    expect([refused.status, refused.body]).toEqual([
      403,
      { error: 'Forbidden', message: reached('pendingJobs') },
    ]);
    expect((await api.get(`/api/jobs/list.json?project=${project}&state=finished`)).body.total).toBe(1);
    await api.post('/api/jobs/stop.json', `project=${project}&job=${project}/1/2`).expect(200);
    expect((await move('pending')).status).toBe(200);
  });

  it('plans no more periodic jobs', async () => {
    const { project } = api.team;
    await setLimits(api, { project }, { periodicJobs: 1 });
    const path = `/api/projects/${project}/periodicjobs`;
    const plan = { cron: '0 14 * * 1', tasks: [{ name: 'a', jobq_id: 1 }] };
    expect((await api.post(path, plan)).status).toBe(201);
    const more = await api.post(path, plan);
    expect([more.status, JSON.stringify(more.body)]).toEqual([
      403,
      expect.stringContaining('has reached its limit of 1 periodic jobs'),
    ]);
    expect((await api.get(path)).body.count).toBe(1);
  });

  it('takes no more records of a job, and those that it has taken stay', async () => {
    const { project } = api.team;
    await setLimits(api, { project }, { itemsPerJob: 2, logsPerJob: 1 });
    await api.post(`/storage/jobq/${project}/push`, { spider: 'a', state: 'running' });
    const write = (stream: string, lines: string) =>
      api
        .post(`/storage/${stream}/${project}/1/1`)
        .set('Content-Type', 'application/x-jsonlines')
        .set('Content-Encoding', 'gzip')
        .send(gzipSync(lines) as never)
        .serialize((body) => body as unknown as string);
    expect((await write('items', '{"a":1}\n{"a":2}\n')).status).toBe(200);
    const more = await write('items', '{"a":3}\n');
    expect([more.status, more.text]).toEqual([
      403,
      `itemsPerJob: job ${project}/1/1 has reached its limit of 2 items of a job\n`,
    ]);
    expect((await write('logs', '{"message":"x","level":20}\n')).status).toBe(200);
    expect((await write('logs', '{"message":"x","level":20}\n')).status).toBe(403);
    const items = await api.get(`/storage/items/${project}/1/1`);
    expect(items.text.trim().split('\n')).toHaveLength(2);
  });

  it('deploys no larger egg', async () => {
    const { project } = api.team;
    await setLimits(api, { project }, { eggBytes: 10 });
    const jobsApi = await api
      .post('/api/scrapyd/addversion.json')
      .type('multipart/form-data')
      .field('project', String(project))
      .field('version', '2.0')
      .attach('egg', EGG, 'x.egg');
    expect([jobsApi.status, jobsApi.body]).toEqual([
      413,
      { status: 'error', message: 'egg: more than 10 bytes of an egg' },
    ]);
    const scrapyd = await api
      .post('/scrapyd/addversion.json')
      .type('multipart/form-data')
      .field('project', await nameOf(project))
      .field('version', '2.0')
      .attach('egg', EGG, 'x.egg');
    expect([scrapyd.status, scrapyd.body]).toEqual([
      413,
      expect.objectContaining({ status: 'error', message: 'egg: more than 10 bytes of an egg' }),
    ]);
    const versions = await api.get(`/scrapyd/listversions.json?project=${await nameOf(project)}`);
    expect(versions.body.versions).toHaveLength(1);
  });

  it('stores no more when its files take what they may', async () => {
    const { project } = api.team;
    await api.database.database('project_usage').insert({ project_id: project, stored_bytes: 1000 });
    await setLimits(api, { project }, { storedBytes: 1000 });
    const job = await api.post('/api/schedule.json', `project=${project}&spider=a`);
    expect([job.status, job.body.message]).toEqual([
      403,
      expect.stringMatching(/^storedBytes: project \d+ has reached its limit of 1000 bytes of /),
    ]);
  });
});

async function nameOf(project: number): Promise<string> {
  return (await api.database.database('projects').where({ id: project }).first('name')).name;
}
