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

async function schedule(form: string): Promise<string> {
  return (await api.post('/api/run.json', `project=${project}&${form}`)).body.jobid;
}

const idsOf = (jobs: { id: string }[]) => jobs.map(({ id }) => id);

describe("the Jobs API's lists", () => {
  it('know job_id as another name of job', async () => {
    const [first, , third] = [
      await schedule('spider=a&n=1'),
      await schedule('spider=a&n=2'),
      await schedule('spider=b'),
    ];
    const list = async (query: string) =>
      idsOf((await api.get(`/api/jobs/list.json?project=${project}&${query}`)).body.jobs);
    expect(await list(`job_id=${first}`)).toEqual([first]);
    expect(await list(`job_id=${first}&job=${third}`)).toEqual([third, first]);
    const lines = (await api.get(`/api/jobs/list.jl?project=${project}&job_id=${third}`)).text;
    expect(lines.trim().split('\n')).toHaveLength(2);
  });

  it.each(['list.json', 'list.jl', 'count.json'])('refuse a misspelt filter: %s', async (name) => {
    const path = `/api/jobs/${name}?project=${project}`;
    const answer = await api.get(`${path}&jobid=${project}/1/1`);
    expect([answer.status, answer.body]).toEqual([
      400,
      { status: 'error', message: 'jobid: unknown parameter' },
    ]);
    expect((await api.get(`${path}&apikey=${api.team.key}`, null)).status).toBe(200);
  });
});

it('show no spider of which nothing but the name came with a job', async () => {
  const names = async () =>
    idsOf((await api.get(`/api/spiders/list.json?project=${project}`)).body.spiders as { id: string }[]);
  const before = await names();
  for (let run = 0; run < 2; run += 1) {
    const pushed = await api.post(`/storage/jobq/${project}/push`, '{"spider":"skipped"}');
    expect(JSON.parse(pushed.text).key).toMatch(/^\d+\/\d+\/\d+$/);
  }
  expect(await names()).toEqual(before);
  const number = (await api.get(`/storage/ids/${project}/spider/skipped`)).body;
  expect((await api.get(`/storage/ids/${project}/spider/skipped?create=1`)).body).toBe(number);
  expect(await names()).toEqual([...before, 'skipped']);
});

describe("the queue's list", () => {
  const path = (query = '') => `/storage/jobq/${project}/list?state=pending${query}`;

  it.each([
    ['format=json', '&format=json', {}],
    ['Accept: application/json', '', { accept: 'application/json, text/plain, */*' }],
  ])('is one array for %s', async (_, query, headers: Record<string, string>) => {
    const ask = () => api.get(path(query)).set(headers);
    expect((await ask()).body).toEqual([]);
    const keys = [await schedule('spider=a'), await schedule('spider=b')];
    const answer = await ask();
    expect(answer.type).toBe('application/json');
    expect(answer.body.map(({ key }: { key: string }) => key)).toEqual(keys.toReversed());
  });

  it.each(['*/*', 'application/x-jsonlines'])('is a line for each job for Accept: %s', async (accept) => {
    const key = await schedule('spider=a');
    const answer = await api.get(path()).set({ accept });
    expect(answer.type).toBe('application/x-jsonlines');
    expect(JSON.parse(answer.text)).toMatchObject({ key });
    const named = await api.get(path('&format=jl')).set({ accept: 'application/json' });
    expect([named.type, named.text.at(-1)]).toEqual(['application/x-jsonlines', '\n']);
  });

  it('shows the tags to whoever asks by tags, whatever metadata is named', async () => {
    await schedule('spider=a&add_tag=t1&add_tag=t2');
    const [job] = (await api.get(path('&format=json&jobmeta=spider&has_tag=t1'))).body;
    expect(job).toMatchObject({ spider: 'a', tags: ['t1', 't2'] });
    const [bare] = (await api.get(path('&format=json&jobmeta=spider'))).body;
    expect(bare).not.toHaveProperty('tags');
  });
});

describe('comments', () => {
  it('of an item come by the item and its fields, those of a field as a list', async () => {
    const base = `/api/comments/${await schedule('spider=a')}`;
    for (const place of ['0', '0/url', '0/url', '1']) await api.post(`${base}/${place}`, `text=at ${place}`);
    const { body } = await api.get(`${base}/0`);
    expect(Object.keys(body)).toEqual(['0', '0/url']);
    expect(body['0/url']).toMatchObject([{ text: 'at 0/url' }, { text: 'at 0/url' }]);
    expect((await api.get(`${base}/0/url`)).body).toEqual(body['0/url']);
    expect((await api.get(`${base}/2`)).body).toEqual({});
  });
});
