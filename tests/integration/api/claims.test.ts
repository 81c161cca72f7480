import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(() => api.renew());
afterAll(() => api.close());

async function finishedJobs(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const form = { project: api.team.project, spider: 'a', meta: '{"state":"finished"}' };
    ids.push((await api.post('/api/run.json', form)).body.jobid);
  }
  return ids;
}

function claim(worker: string, more: Record<string, unknown> = {}, key = api.team.key) {
  return api.post(
    '/api/jobs/claim.json',
    { project: api.team.project, lacks_tag: 'consumed', count: 10, worker, ...more },
    key,
  );
}

describe('claimed jobs', () => {
  it('are in one hand until they are acknowledged', async () => {
    const ids = await finishedJobs(3);
    const first = await claim('w1', { count: 2 });
    expect(first.body).toMatchObject({ status: 'ok', count: 2 });
    expect(first.body.jobs.map((job: { id: string }) => job.id)).toEqual(ids.slice(0, 2));
    expect((await claim('w2')).body.jobs.map((job: { id: string }) => job.id)).toEqual(ids.slice(2));
    const held = { project: api.team.project, job: ids.slice(0, 2), worker: 'w1' };
    expect((await api.post('/api/jobs/ack.json', held)).body).toEqual({ status: 'ok', count: 2 });
    const left = await api.get(`/api/jobs/list.json?project=${api.team.project}&lacks_tag=consumed`);
    expect(left.body.jobs.map((job: { id: string }) => job.id)).toEqual(ids.slice(2));
  });

  it('go to others once released', async () => {
    const [id] = await finishedJobs(1);
    await claim('w1');
    expect((await claim('w2')).body.count).toBe(0);
    await api.post('/api/jobs/release.json', { project: api.team.project, job: id, worker: 'w1' });
    expect((await claim('w2')).body.count).toBe(1);
    const late = await api.post('/api/jobs/ack.json', { project: api.team.project, job: id, worker: 'w1' });
    expect(late.status).toBe(400);
    expect(late.body.message).toContain('worker');
  });

  it.each([
    ['worker', { worker: '' }],
    ['lacks_tag', { lacks_tag: undefined }],
    ['count', { count: 0 }],
    ['lease', { lease: 0 }],
    ['state', { state: 'running' }],
  ])('need a sound %s', async (field, more) => {
    const answer = await claim('w1', more);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status: 'error', message: expect.stringContaining(field) });
  });

  it('of another team do not exist', async () => {
    const [id] = await finishedJobs(1);
    expect((await claim('w1', {}, api.other.key)).status).toBe(404);
    const form = { project: api.other.project, job: id, worker: 'w1' };
    expect((await api.post('/api/jobs/ack.json', form, api.other.key)).status).toBe(404);
  });
});

describe('tags on a condition', () => {
  it('change only jobs that meet it, and count those', async () => {
    const [one, two] = await finishedJobs(2);
    const update = (more: Record<string, unknown>) =>
      api.post('/api/jobs/update.json', { project: api.team.project, job: [one, two], ...more });
    await api.post('/api/jobs/update.json', { project: api.team.project, job: one, add_tag: 'locked' });
    expect((await update({ add_tag: 'mine', if_lacks_tag: 'locked' })).body.count).toBe(1);
    expect((await update({ add_tag: 'seen', if_has_tag: 'mine' })).body.count).toBe(1);
    expect((await update({ add_tag: 'seen', if_has_tag: 'nobody' })).body.count).toBe(0);
  });
});

describe('attempts', () => {
  it('are listed for a job of the project, and for no other', async () => {
    const [id] = await finishedJobs(1);
    const path = `/api/jobs/attempts.json?project=${api.team.project}&job=${id}`;
    expect((await api.get(path)).body).toEqual({ status: 'ok', attempts: [] });
    expect((await api.get(path, api.other.key)).status).toBe(404);
    const missing = `/api/jobs/attempts.json?project=${api.team.project}&job=${api.team.project}/1/99`;
    expect((await api.get(missing)).status).toBe(404);
  });
});
