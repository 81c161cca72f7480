import { createJobView } from '@spiderhub/db';
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

function detailsOf(jobid: string) {
  const [, spider, job] = jobid.split('/').map(Number) as [number, number, number];
  return createJobView(api.database.database).find({ project, spider, job });
}

describe.each(['schedule.json', 'run.json'])('POST %s', (endpoint) => {
  const path = `/api/${endpoint}`;

  it('schedules a job and answers with its key', async () => {
    const answer = await api.post(
      path,
      `project=${project}&spider=a&add_tag=t2&add_tag=t1&add_tag=t2&priority=4`,
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: 'ok', jobid: `${project}/1/1` });
    expect(answer.type).toBe('application/json');
    expect(await detailsOf(answer.body.jobid)).toMatchObject({
      spiderName: 'a',
      state: 'pending',
      priority: 4,
      units: 1,
      tags: ['t2', 't1'],
      args: {},
      scheduledBy: expect.stringMatching(/^acme-.*-user$/),
      requestId: answer.headers['x-request-id'],
      external: false,
    });
    expect(api.signals.wakes).toBe(1);
  });

  it('numbers jobs for each spider and takes the defaults', async () => {
    const keys = [];
    for (const form of ['spider=a', 'spider=b', 'spider=a&x=1']) {
      keys.push((await api.post(path, `project=${project}&${form}`)).body.jobid);
    }
    expect(keys).toEqual([`${project}/1/1`, `${project}/2/1`, `${project}/1/2`]);
    expect(await detailsOf(`${project}/2/1`)).toMatchObject({ priority: 2, units: 1, tags: [] });
  });

  it('passes every other parameter to the spider as text, and never the key', async () => {
    const form = `project=${project}&spider=a&category=books+%26+more&page=01&empty=&__proto__=p&same=s&same=s&apikey=${api.team.key}`;
    const { body } = await api.post(path, form);
    const details = await detailsOf(body.jobid);
    expect(Object.entries(details?.args ?? {})).toEqual([
      ['category', 'books & more'],
      ['page', '01'],
      ['empty', ''],
      ['__proto__', 'p'],
      ['same', 's'],
    ]);
    expect(JSON.stringify(details)).not.toContain(api.team.key);
    expect(Object.getPrototypeOf(details?.args)).toBe(Object.prototype);
  });

  it("reads what shub and python-scrapinghub send beside the spider's arguments", async () => {
    const { body } = await api.post(
      path,
      new URLSearchParams({
        project: String(project),
        spider: 'a',
        x: '1',
        units: '2',
        job_settings: '{"A": "b", "N": [1, {"c": null}]}',
        meta: '{"big": 12345678901234567890, "text": "\\u00fc", "nothing": null}',
        environment: '{"V": "1"}',
        cmd_args: `--name 'two words' -v`,
      }).toString(),
    );
    expect(await detailsOf(body.jobid)).toMatchObject({
      units: 2,
      args: { x: '1' },
      settings: { A: '"b"', N: '[1, {"c": null}]' },
      // The text of each value, exactly as it came.
      meta: { big: '12345678901234567890', text: '"\\u00fc"', nothing: 'null' },
      environment: { V: '1' },
      command: ['--name', 'two words', '-v'],
    });
  });

  it('takes a flat JSON object as well as a form', async () => {
    const { body } = await api.post(path, {
      project,
      spider: 'a',
      priority: 1,
      add_tag: ['x', 'y'],
      page: 7,
    });
    expect(await detailsOf(body.jobid)).toMatchObject({ priority: 1, tags: ['x', 'y'], args: { page: '7' } });
  });

  it.each([
    ['running', 'running'],
    ['finished', 'finished'],
    ['pending', 'pending'],
  ])('places a job in the state %s that meta asks for', async (asked, state) => {
    const meta = encodeURIComponent(JSON.stringify({ state: asked, foo: 1 }));
    const { body } = await api.post(path, `project=${project}&spider=a&meta=${meta}`);
    expect(await detailsOf(body.jobid)).toMatchObject({
      state,
      external: state !== 'pending',
      meta: { foo: '1' },
    });
  });

  it('finds the spider by its number', async () => {
    expect((await api.post(path, `project=${project}&jobq_id=2`)).body.jobid).toBe(`${project}/2/1`);
  });

  it('refuses a job that is already scheduled with the same arguments, and only that', async () => {
    const form = `project=${project}&spider=a&x=1&y=2`;
    expect((await api.post(path, form)).status).toBe(200);
    const again = await api.post(path, `project=${project}&spider=a&y=2&x=1&add_tag=other`);
    expect(again.status).toBe(400);
    expect(again.body).toEqual({ status: 'error', message: 'a already scheduled' });
    expect((await api.post(path, `project=${project}&spider=a&x=1`)).status).toBe(200);
    expect((await api.post(path, `project=${project}&spider=b&x=1&y=2`)).status).toBe(200);
    await api.post('/api/jobs/stop.json', `project=${project}&job=${project}/1/1`);
    expect((await api.post(path, form)).status).toBe(200);
  });

  it('does not count a job that was made finished as active', async () => {
    const form = `project=${project}&spider=a&meta=${encodeURIComponent('{"state":"finished"}')}`;
    expect((await api.post(path, form)).status).toBe(200);
    expect((await api.post(path, form)).status).toBe(200);
  });

  it('makes one job of twenty equal requests at once, and one of twenty with the same Idempotency-Key', async () => {
    const form = `project=${project}&spider=a&n=1`;
    const equal = await Promise.all(Array.from({ length: 20 }, () => api.post(path, form)));
    expect(equal.filter(({ status }) => status === 200)).toHaveLength(1);
    const repeated = await Promise.all(
      Array.from({ length: 20 }, () =>
        api.post(path, `project=${project}&spider=b`).set('Idempotency-Key', 'retry-1'),
      ),
    );
    expect(new Set(repeated.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(repeated.map(({ body }) => body.jobid)).size).toBe(1);
  });

  const long = (n: number) => 'x'.repeat(n);
  it.each(
    [
      ['', 'project: is required'],
      ['project=1x', "project: expected a project's number"],
      ['project=0', "project: expected a project's number"],
      ['project=-1', "project: expected a project's number"],
      ['project=99999999999', "project: expected a project's number"],
      ['project=987654', 'project: 987654 not found'],
      ['project=P', 'spider: is required'],
      ['project=P&spider=', 'spider: is required'],
      ['project=P&spider=nope', 'spider: nope not found'],
      ['project=P&spider=--help', 'spider: --help not found'],
      ["project=P&spider=' OR 1=1--", "spider: ' OR 1=1-- not found"],
      ['project=P&spider=a&x=1&x=2', 'x: is given more than once; send a list as one text'],
      ['project=P&spider=a&spider=b', 'spider: is given more than once'],
      ['project=P&project=P&spider=a', 'project: is given more than once'],
      ['project=P&spider=a&-s=LOG', '-s: is no name for a spider argument'],
      ['project=P&jobq_id=99', 'jobq_id: 99 not found'],
      ...['5', '-1', '1.5', '2 ', 'true', '', 'NaN'].map((p) => [
        `project=P&spider=a&priority=${p}`,
        'priority: ',
      ]),
      ...['0', '7', '1000000000', '1.0'].map((u) => [`project=P&spider=a&units=${u}`, 'units: ']),
      ['project=P&spider=a&add_tag=', 'add_tag: a tag has 1 to 255 characters'],
      [`project=P&spider=a&add_tag=${long(10_240)}`, 'add_tag: a tag has 1 to 255 characters'],
      [`project=P&spider=a${'&add_tag=t'.repeat(5000)}`, 'add_tag: more than 1000 tags'],
      [`project=P&spider=a&big=${long(1_000_000)}`, 'big: spider arguments are longer'],
      [`project=P&spider=a&${long(300)}=1`, 'the name is too long'],
      ['project=P&spider=a&job_settings=[1]', 'job_settings: expected a JSON object'],
      ['project=P&spider=a&job_settings={', 'job_settings: is not valid JSON'],
      [
        `project=P&spider=a&job_settings={"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
        'job_settings: is nested',
      ],
      ['project=P&spider=a&meta=1', 'meta: expected a JSON object'],
      ['project=P&spider=a&meta={"state":"deleted"}', 'meta: state must be one of'],
      ['project=P&spider=a&environment={"A B":"1"}', 'environment: "A B" is no variable name'],
      ['project=P&spider=a&environment={"A":[]}', 'environment: A must be a string'],
      ['project=P&spider=a&environment={"A":"\\u0000"}', 'environment: NUL'],
      ["project=P&spider=a&cmd_args='x", 'cmd_args: has a quote'],
      ['project=P&spider=a&x=%00', 'x: NUL characters are not allowed'],
      ['project=P&spider=a&x=%ff', 'x: is not valid UTF-8'],
    ].map(([form = '', message = '']): [string, string, string] => [form.slice(0, 60), form, message]),
  )('refuses %s', async (_, form, message) => {
    const answer = await api.post(path, form.replaceAll('project=P', `project=${project}`));
    expect(answer.status).toBe(400);
    expect(answer.body.status).toBe('error');
    expect(answer.body.message).toContain(message);
  });

  it("answers another team's project like one that does not exist", async () => {
    const foreign = await api.post(path, `project=${api.other.project}&spider=a`);
    const missing = await api.post(path, 'project=987654&spider=a');
    expect(foreign.status).toBe(missing.status);
    expect(foreign.text.replace(String(api.other.project), 'N')).toBe(missing.text.replace('987654', 'N'));
  });
});
