import { service } from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { scheduleRequest } from '../../support/team.ts';
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

/** Makes jobs one after the other, so that each is newer than the one before. */
async function make(...jobs: Parameters<typeof scheduleRequest>[2][]): Promise<void> {
  for (const job of jobs) await api.store.schedule([scheduleRequest(project, 'a', job)]);
}
const ids = (jobs: { id: string }[]) => jobs.map(({ id }) => id.slice(id.indexOf('/') + 1));
const list = (query = '') => api.get(`/api/jobs/list.json?project=${project}${query}`);
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('GET jobs/list.json', () => {
  it('shows a finished job with the fields and in the form of the documents', async () => {
    await make({ args: { x: '1' }, tags: ['t'], priority: 3 });
    await api.database.database.raw(
      `update jobs set state = 'finished', close_reason = 'finished', version = '1.0', items = 2, pages = 1, logs = 29,
        errors = 4, running_at = '2015-11-09T15:20:25.9Z', finished_at = '2015-11-09T15:21:06.4Z',
        state_since = '2015-11-09T15:21:06.4Z' where project_id = ?`,
      [project],
    );
    const { status, body } = await list();
    expect(status).toBe(200);
    const [{ elapsed, ...job }] = body.jobs;
    expect(body).toMatchObject({ status: 'ok', count: 1, total: 1 });
    expect(job).toEqual({
      responses_received: 1,
      items_scraped: 2,
      close_reason: 'finished',
      logs: 29,
      tags: ['t'],
      spider: 'a',
      updated_time: '2015-11-09T15:21:06',
      priority: 3,
      state: 'finished',
      version: '1.0',
      spider_type: 'manual',
      started_time: '2015-11-09T15:20:25',
      id: `${project}/1/1`,
      errors_count: 4,
      spider_args: { x: '1' },
    });
    expect(Number.isInteger(elapsed)).toBe(true);
    expect(elapsed).toBeGreaterThan(3e11);
  });

  it('leaves out what a pending job does not have yet', async () => {
    await make({});
    const [job] = (await list()).body.jobs;
    expect(job).not.toHaveProperty('close_reason');
    expect(job).not.toHaveProperty('started_time');
    expect(job).not.toHaveProperty('spider_args');
    expect(job).toMatchObject({ state: 'pending', version: null, items_scraped: 0 });
  });

  it('puts the latest change first and pages through the rest', async () => {
    await make(...Array.from({ length: 105 }, () => ({})));
    const first = await list();
    expect(first.body).toMatchObject({ count: 100, total: 105 });
    expect(ids(first.body.jobs).slice(0, 2)).toEqual(['1/105', '1/104']);
    const rest = await list('&offset=100');
    expect(rest.body).toMatchObject({ count: 5, total: 105 });
    expect(ids(rest.body.jobs)).toEqual(['1/5', '1/4', '1/3', '1/2', '1/1']);
    expect((await list('&count=1000000')).body.count).toBe(100);
    expect(ids((await list('&count=2&offset=1')).body.jobs)).toEqual(['1/104', '1/103']);
    expect(ids((await list('&count=-2&offset=5')).body.jobs)).toEqual(['1/105', '1/104']);
    expect((await list('&count=0')).body).toMatchObject({ count: 0, total: 105, jobs: [] });
  });

  it.each([
    ['&spider=b', ['2/1']],
    ['&spider=nope', []],
    ['&state=running', ['1/2']],
    ['&state=pending', ['2/1', '1/1']],
    ['&state=pending&state=running', ['2/1', '1/2', '1/1']],
    ['&state=deleted', ['1/4']],
    ['&has_tag=x', ['1/2', '1/1']],
    ['&has_tag=x&has_tag=z', ['2/1', '1/2', '1/1']],
    ['&lacks_tag=x', ['2/1', '1/3']],
    ['&lacks_tag=x&lacks_tag=z', ['1/3']],
    ['&has_tag=x&lacks_tag=y', ['1/1']],
    ['&job=P/1/1&job=P/2/1', ['2/1', '1/1']],
    ['&job=P/1/1&state=finished', []],
    ['&job=P/1/77', []],
    ["&has_tag=' OR 1=1--", []],
    ['&has_tag=%25', []],
  ])('filters by %s', async (query, expected) => {
    await make({ tags: ['x'] }, { tags: ['x', 'y'], state: 'running', external: true });
    await make({ state: 'finished', external: true }, { state: 'finished', external: true });
    await api.store.schedule([scheduleRequest(project, 'b', { tags: ['z'] })]);
    await api.store.remove(
      { project, keys: [{ project, spider: 1, job: 4 }], strict: true },
      service('test'),
    );
    const { status, body } = await list(query.replaceAll('P/', `${project}/`));
    expect(status).toBe(200);
    expect(ids(body.jobs)).toEqual(expected);
    expect(body.total).toBe(expected.length);
    const count = await api.get(
      `/api/jobs/count.json?project=${project}${query.replaceAll('P/', `${project}/`)}`,
    );
    expect(count.body).toEqual({ status: 'ok', total: expected.length });
    const jl = await api.get(`/api/jobs/list.jl?project=${project}${query.replaceAll('P/', `${project}/`)}`);
    expect(ids(lines(jl.text).slice(1))).toEqual(expected);
  });

  it("matches no job for a foreign job's key, even when a job of one's own has the same numbers", async () => {
    await make({});
    await api.store.schedule([scheduleRequest(api.other.project, 'a')]);
    const { body } = await list(`&job=${api.other.project}/1/1`);
    expect(body).toMatchObject({ status: 'ok', count: 0, total: 0 });
  });

  it.each([
    ['', 400, 'project: is required'],
    ['?project=1&project=2', 400, 'project: is given more than once'],
    ['?project[]=1', 400, 'project: is required'],
    ['?project=1,2', 400, "project: expected a project's number"],
    ['?project=P&state=sleeping', 400, 'state: expected one of pending, running, finished, deleted'],
    ['?project=P&count=x', 400, 'count: expected a whole number'],
    ['?project=P&count=1e9', 400, 'count: expected a whole number'],
    ['?project=P&count=1&count=2', 400, 'count: is given more than once'],
    ['?project=P&offset=-1', 400, 'offset: expected a whole number'],
    ['?project=P&has_tag=%00', 400, 'has_tag: NUL'],
    ['?project=P&lacks_tag=', 400, 'lacks_tag: is empty'],
    ...[
      '1/2',
      '1/2/3/4',
      '0/0/0',
      '-1/1/1',
      '1/1/99999999999999999999',
      '1e3/1/1',
      '0x1/1/1',
      '%201/1/1',
      '',
    ].map((key): [string, number, string] => [
      `?project=P&job=${key}`,
      400,
      'job: expected project/spider/job',
    ]),
    ['?project=987654', 404, 'project: 987654 not found'],
  ])('refuses %s', async (query, status, message) => {
    for (const path of ['list.json', 'list.jl', 'count.json']) {
      const answer = await api.get(`/api/jobs/${path}${query.replaceAll('=P', `=${project}`)}`);
      expect(answer.status).toBe(status);
      expect(answer.body).toEqual({ status: 'error', message: expect.stringContaining(message) });
    }
  });
});

describe('GET jobs/list.jl', () => {
  it('gives the totals first and then every job, however many', async () => {
    await api.store.schedule(Array.from({ length: 1234 }, () => scheduleRequest(project, 'a')));
    const answer = await api.get(`/api/jobs/list.jl?project=${project}`);
    expect(answer.type).toBe('application/x-jsonlines');
    const [meta, ...jobs] = lines(answer.text);
    expect(meta).toEqual({ status: 'ok', count: 1234, total: 1234 });
    expect(jobs).toHaveLength(1234);
    expect(jobs[0].id).toBe(`${project}/1/1234`);
  });

  it('counts what follows, with count and offset', async () => {
    await make({}, {}, {});
    const meta = async (query: string) =>
      lines((await api.get(`/api/jobs/list.jl?project=${project}${query}`)).text)[0];
    expect(await meta('&count=2')).toEqual({ status: 'ok', count: 2, total: 3 });
    expect(await meta('&count=-2')).toEqual({ status: 'ok', count: 2, total: 3 });
    expect(await meta('&offset=2')).toEqual({ status: 'ok', count: 1, total: 3 });
    expect(await meta('&offset=9&count=4')).toEqual({ status: 'ok', count: 0, total: 3 });
  });

  it('is one line when nothing matches', async () => {
    const answer = await api.get(`/api/jobs/list.jl?project=${project}&state=running`);
    expect(answer.text).toBe('{"status":"ok","count":0,"total":0}\n');
  });

  it('leaves no snapshot open after HEAD requests or readers who hang up', async () => {
    await api.store.schedule(Array.from({ length: 3000 }, () => scheduleRequest(project, 'a')));
    const { port } = api.server.address() as { port: number };
    const url = `http://127.0.0.1:${port}/api/jobs/list.jl?project=${project}&apikey=${api.team.key}`;
    for (let i = 0; i < 15; i++) {
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
      const answer = await fetch(url);
      await answer.body?.getReader().cancel();
    }
    // The pool has ten connections: a leak of one for each request would block this one.
    expect(lines(await (await fetch(url)).text())).toHaveLength(3001);
  });
});

describe('POST jobs/update.json', () => {
  const update = (form: string) => api.post('/api/jobs/update.json', `project=${project}&${form}`);
  const tagsOf = async (job: number) =>
    (await list(`&job=${project}/1/${job}`)).body.jobs[0].tags as string[];

  it('adds and removes tags as the recorded exchanges show', async () => {
    await make({ tags: ['tag1'] });
    const job = `job=${project}/1/1`;
    const answer = await update(`${job}&add_tag=tagA1&add_tag=tagA2`);
    expect(answer.body).toEqual({ status: 'ok', count: 1 });
    expect(await tagsOf(1)).toEqual(['tag1', 'tagA1', 'tagA2']);
    await update(`${job}&remove_tag=tag1&remove_tag=tagx`);
    expect(await tagsOf(1)).toEqual(['tagA1', 'tagA2']);
    await update(`${job}&add_tag=tagB&remove_tag=tagA2`);
    expect(await tagsOf(1)).toEqual(['tagA1', 'tagB']);
  });

  it('changes every job that the filter selects, and counts them', async () => {
    await make({ tags: ['x'] }, { tags: ['x'] }, {});
    expect((await update('has_tag=x&add_tag=y')).body.count).toBe(2);
    expect((await update('spider=a&add_tag=z')).body.count).toBe(3);
    expect((await update('spider=nope&add_tag=z')).body.count).toBe(0);
    expect((await update('state=pending&lacks_tag=y&remove_tag=z')).body.count).toBe(1);
    expect(await tagsOf(1)).toEqual(['x', 'y', 'z']);
    expect(await tagsOf(3)).toEqual([]);
  });

  it("changes only the page that a legacy job set's count means", async () => {
    await make({}, {}, {});
    expect((await update('state=pending&count=2&add_tag=seen')).body.count).toBe(2);
    expect([await tagsOf(1), await tagsOf(2), await tagsOf(3)]).toEqual([[], ['seen'], ['seen']]);
    expect((await update('state=pending&count=2&offset=9&add_tag=seen')).body.count).toBe(0);
    // A negative count is the newest ones, whatever the offset: the page that the list shows for it.
    expect((await update('state=pending&count=-1&offset=2&add_tag=newest')).body.count).toBe(1);
    expect([await tagsOf(1), await tagsOf(2), await tagsOf(3)]).toEqual([[], ['seen'], ['seen', 'newest']]);
  });

  it('with a count marks no job that another one has marked meanwhile, and takes the next page instead', async () => {
    await make({}, {}, {});
    const { database } = api.database;
    const other = await database.transaction();
    await other('jobs')
      .where({ project_id: project, number: 3 })
      .update({ tags: ['w0'] });
    const mine = update('lacks_tag=w0&lacks_tag=w1&count=1&add_tag=w1').then(({ body }) => body);
    const isWaiting = async () => {
      const { rows } = await database.raw(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).toHaveLength(1);
    };
    await eventually(isWaiting).finally(() => other.commit());
    expect(await mine).toEqual({ status: 'ok', count: 1 });
    expect([await tagsOf(1), await tagsOf(2), await tagsOf(3)]).toEqual([[], ['w1'], ['w0']]);
    expect((await update('lacks_tag=w0&count=5&if_has_tag=w0&add_tag=w1')).body.count).toBe(0);
  });

  it.each([
    ['add_tag=x', 400, 'at least one filter beside project is required'],
    ['count=5&add_tag=x', 400, 'at least one filter beside project is required'],
    ['state=pending', 400, 'add_tag or remove_tag is required'],
    ['has_tags=q&spider=a&add_tag=x', 400, 'has_tags: unknown parameter'],
    ['job=P/1/1&add_tag=x&state=finished&project_id=2', 400, 'project_id: unknown parameter'],
    ['job=P/1/1&add_tag=x&__proto__=1', 400, '__proto__: unknown parameter'],
    ['job=P/1/1&add_tag=', 400, 'add_tag: '],
    ['job=P/1/1&job=P/1/99&add_tag=x', 404, 'not found'],
    ['job=P/1/1&job=F/1/1&add_tag=x', 404, 'not found'],
  ])('refuses %s and changes nothing', async (form, status, message) => {
    await make({});
    await api.store.schedule([scheduleRequest(api.other.project, 'a')]);
    const answer = await update(
      form.replaceAll('P/', `${project}/`).replaceAll('F/', `${api.other.project}/`),
    );
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ status: 'error', message: expect.stringContaining(message) });
    expect(await tagsOf(1)).toEqual([]);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('takes more job keys than a body parser of Express would', async () => {
    await api.store.schedule(Array.from({ length: 1500 }, () => scheduleRequest(project, 'a')));
    const keys = Array.from({ length: 1500 }, (_, i) => `job=${project}/1/${i + 1}`).join('&');
    expect((await update(`${keys}&add_tag=x`)).body.count).toBe(1500);
    expect((await api.post('/api/jobs/delete.json', `project=${project}&${keys}`)).body.count).toBe(1500);
  });
});

describe('POST jobs/stop.json and jobs/delete.json', () => {
  const send = (path: string, form: string) => api.post(`/api/jobs/${path}.json`, form);

  it('ends a pending job as cancelled', async () => {
    await make({});
    const answer = await send('stop', `project=${project}&job=${project}/1/1`);
    expect(answer.body).toEqual({ status: 'ok' });
    const [job] = (await list()).body.jobs;
    expect(job).toMatchObject({ state: 'finished', close_reason: 'cancelled' });
    expect((await send('stop', `project=${project}&job=${project}/1/1`)).body).toEqual({ status: 'ok' });
  });

  it('asks the worker of a running job and leaves the job running', async () => {
    await make({});
    await api.database.database.raw(
      `update jobs set state = 'running', worker = 'w1', running_at = now()
        where project_id = ?`,
      [project],
    );
    await send('stop', `project=${project}&job=${project}/1/1`);
    expect((await list()).body.jobs[0].state).toBe('running');
    expect(api.signals.stops).toEqual(['w1']);
  });

  it('deletes several jobs, which then are gone from lists', async () => {
    await make({}, {}, {});
    const answer = await send('delete', `project=${project}&job=${project}/1/1&job=${project}/1/3`);
    expect(answer.body).toEqual({ status: 'ok', count: 2 });
    expect(ids((await list()).body.jobs)).toEqual(['1/2']);
  });

  it.each(['stop', 'delete'])(
    '%s refuses the whole request for one key that is not there or not ours',
    async (path) => {
      await make({});
      await api.store.schedule([scheduleRequest(api.other.project, 'a')]);
      const own = `project=${project}&job=${project}/1/1`;
      const missing = await send(path, `${own}&job=${project}/1/99`);
      const foreign = await send(path, `${own}&job=${api.other.project}/1/1`);
      const nowhere = await send(path, `${own}&job=987654/1/1`);
      expect([missing.status, foreign.status, nowhere.status]).toEqual([404, 404, 404]);
      expect(foreign.text.replace(String(api.other.project), 'N')).toBe(nowhere.text.replace('987654', 'N'));
      expect((await list()).body.jobs[0].state).toBe('pending');
      expect(
        (await api.get(`/api/jobs/list.json?project=${api.other.project}`, api.other.key)).body.jobs[0].state,
      ).toBe('pending');
    },
  );

  it.each([
    ['project=P', 400, 'job: is required'],
    ['job=P/1/1', 400, 'project: is required'],
    ['project=P&job=x', 400, 'job: expected project/spider/job'],
    ['project=P&job=P/1/1&spider=a', 400, 'spider: unknown parameter'],
    ['project=987654&job=987654/1/1', 404, 'project: 987654 not found'],
  ])('refuse %s', async (form, status, message) => {
    for (const path of ['stop', 'delete']) {
      const answer = await send(path, form.replaceAll(/\bP\b/g, String(project)));
      expect(answer.status).toBe(status);
      expect(answer.body.message).toContain(message);
    }
  });
});
