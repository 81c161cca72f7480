import type supertest from 'supertest';
import supertestAgent from 'supertest';
import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;
let base: string;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.renew();
  base = `/api/projects/${api.team.project}/periodicjobs`;
  await api.database.database('spiders').insert([
    { project_id: api.team.project, number: 11, name: 'books' },
    { project_id: api.team.project, number: 12, name: 'py:report.py' },
  ]);
});
afterAll(() => api.close());

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

function call(method: Method, path: string, body?: unknown, key = api.team.key): supertest.Test {
  const test = supertestAgent(api.server)[method](path).auth(key, '');
  return body === undefined ? test : test.type('application/json; charset=UTF-8').send(body as object);
}

const WEEKLY = {
  description: 'Weekly crawl',
  cron: '0 14 * * 1',
  addtags: ['weekly'],
  tasks: [{ name: 'books', jobq_id: 11, priority: 3, spider_args: { limit: '100' }, script_args: '' }],
};

async function made(body: object = WEEKLY): Promise<number> {
  const { body: created } = await call('post', base, body).expect(201);
  return created.id;
}

describe('periodic jobs of the documented generation', () => {
  it('are made, read, changed, listed and removed', async () => {
    await call('get', base).expect(200, { count: 0, next: null, previous: null, results: [] });
    const created = await call('post', base, WEEKLY).expect(201);
    const { id } = created.body;
    expect(created.body).toEqual(
      expect.objectContaining({
        ...WEEKLY,
        id: expect.any(Number),
        project: api.team.project,
        type: 'spider',
        disabled: false,
      }),
    );
    expect(created.body.next_runs).toHaveLength(5);
    expect(new Date(created.body.next_runs[0]).getUTCDay()).toBe(1);
    await call('get', `${base}/${id}`).expect(200, created.body);

    const changed = await call('patch', `${base}/${id}`, { cron: '30 6 * * *' }).expect(200);
    expect(changed.body).toEqual(expect.objectContaining({ ...WEEKLY, cron: '30 6 * * *' }));
    const paused = await call('patch', `${base}/${id}`, { disabled: true }).expect(200);
    expect(paused.body).toEqual(
      expect.objectContaining({ disabled: true, cron: '30 6 * * *', next_runs: [] }),
    );
    const { body: page } = await call('get', base).expect(200);
    expect(page).toEqual({ count: 1, next: null, previous: null, results: [paused.body] });

    const { text } = await call('delete', `${base}/${id}`).expect(204);
    expect(text).toBe('');
    await call('get', `${base}/${id}`).expect(404);
    await call('delete', `${base}/${id}`).expect(404);
    await call('patch', `${base}/${id}`, { disabled: false }).expect(404);
  });

  it('are replaced whole by PUT', async () => {
    const id = await made();
    const { body } = await call('put', `${base}/${id}`, {
      cron: '0 0 * * *',
      tasks: [{ name: 'books' }],
    }).expect(200);
    expect(body).toEqual(expect.objectContaining({ id, cron: '0 0 * * *', addtags: [], description: '' }));
    expect(body.tasks).toEqual([
      { name: 'books', jobq_id: 11, priority: 2, spider_args: {}, script_args: '' },
    ]);
  });

  it('take a spider by its number, a script, and arguments that are no texts', async () => {
    const { body } = await call('post', base, {
      cron: '0 0 * * *',
      tasks: [
        { jobq_id: 11, spider_args: { limit: 100, deep: true, big: 0 } },
        { name: 'py:report.py', script_args: "--to 'a b' x" },
      ],
    }).expect(201);
    expect(body.tasks).toEqual([
      {
        name: 'books',
        jobq_id: 11,
        priority: 2,
        spider_args: { limit: '100', deep: 'true', big: '0' },
        script_args: '',
      },
      { name: 'py:report.py', jobq_id: 12, priority: 2, spider_args: {}, script_args: "--to 'a b' x" },
    ]);
    const { body: script } = await call('post', base, {
      cron: '0 0 * * *',
      tasks: [{ name: 'py:report.py' }],
    });
    expect(script.type).toBe('script');
  });

  it('take what is ours, too, and show it', async () => {
    const more = {
      timezone: 'Europe/Berlin',
      overlap: 'queue',
      catchup: 'all',
      jitter_seconds: 60,
      start_at: '2030-01-01T00:00:00.000Z',
      end_at: null,
    };
    const { body } = await call('post', base, { ...WEEKLY, ...more }).expect(201);
    expect(body).toEqual(expect.objectContaining(more));
    expect(body.next_runs[0]).toBe('2030-01-07T13:00:00.000Z');
  });

  it('are paged by either pair of words', async () => {
    const ids = [await made(), await made(), await made()];
    const idsOf = async (query: string) => {
      const { body } = await call('get', `${base}?${query}`).expect(200);
      return {
        ids: body.results.map((one: { id: number }) => one.id),
        more: body.next !== null,
        count: body.count,
      };
    };
    expect(await idsOf('')).toEqual({ ids, more: false, count: 3 });
    expect(await idsOf('page=1&page_size=2')).toEqual({ ids: ids.slice(0, 2), more: true, count: 3 });
    expect(await idsOf('page=2&page_size=2')).toEqual({ ids: ids.slice(2), more: false, count: 3 });
    expect(await idsOf('count=1&offset=1')).toEqual({ ids: ids.slice(1, 2), more: true, count: 3 });
    const first = await call('get', `${base}?count=2`).expect(200);
    const second = await call('get', first.body.next.replace(/^http:\/\/[^/]+/, '')).expect(200);
    expect(second.body.results.map((one: { id: number }) => one.id)).toEqual(ids.slice(2));
  });

  it('answer alike at both addresses, with and without a slash at the end', async () => {
    const id = await made();
    const old = base.replace('/api/', '/api/v2/');
    for (const path of ['', `/${id}`]) {
      const answers = await Promise.all(
        [`${base}${path}`, `${base}${path}/`, `${old}${path}`, `${old}${path}/`].map(
          async (address) => (await call('get', address).expect(200)).text,
        ),
      );
      expect(new Set(answers).size).toBe(1);
    }
    await call('post', `${old}/`, WEEKLY).expect(201);
  });
});

describe('periodic jobs of the generation before', () => {
  const OLD = {
    month: '*',
    dayofmonth: '*',
    day: '1',
    hour: 14,
    minutes_shift: '5',
    addtags: ['a'],
    spiders: [{ name: 'books', args: { limit: '100' }, priority: 2 }],
  };

  it('are made of a field for each part of the expression', async () => {
    const { body } = await call('post', base.replace('/api/', '/api/v2/'), OLD).expect(201);
    expect(body).toEqual(
      expect.objectContaining({
        cron: '5 14 * * 1',
        minutes_shift: '5',
        hour: '14',
        day: '1',
        dayofmonth: '*',
        month: '*',
      }),
    );
    expect(body.spiders).toEqual([
      { name: 'books', priority: 2, spider_args: { limit: '100' }, script_args: '' },
    ]);
    const changed = await call('patch', `${base}/${body.id}`, { hour: '6' }).expect(200);
    expect(changed.body.cron).toBe('5 6 * * 1');
  });

  it('are listed at the oldest address', async () => {
    const id = await made(OLD);
    const { body } = await call('get', `/api/periodic_jobs?project=${api.team.project}`).expect(200);
    expect(body.results.map((one: { id: number }) => one.id)).toEqual([id]);
  });

  it('may be sent back as they were read, and changed at either end', async () => {
    const id = await made();
    const { body } = await call('get', `${base}/${id}`).expect(200);
    const { body: same } = await call('put', `${base}/${id}`, body).expect(200);
    expect(same).toEqual(body);
  });
});

describe('what cannot be planned is told by its field', () => {
  it.each<[string, object, string]>([
    ['no tasks', { cron: '0 0 * * *' }, 'tasks'],
    ['an empty list', { ...WEEKLY, tasks: [] }, 'tasks'],
    ['an unknown spider', { ...WEEKLY, tasks: [{ name: 'nobody' }] }, 'tasks'],
    ['an unknown number', { ...WEEKLY, tasks: [{ jobq_id: 99 }] }, 'tasks'],
    ['no expression', { tasks: WEEKLY.tasks }, 'cron'],
    ['four fields', { ...WEEKLY, cron: '* * * *' }, 'cron'],
    ['a wrong minute', { ...WEEKLY, cron: '60 * * * *' }, 'cron'],
    ['a day that never comes', { ...WEEKLY, cron: '0 0 31 2 *' }, 'cron'],
    ['an expression that is no text', { ...WEEKLY, cron: 5 }, 'cron'],
    ['both generations', { ...WEEKLY, hour: '3' }, 'hour'],
    ['a priority', { ...WEEKLY, tasks: [{ name: 'books', priority: 5 }] }, 'priority'],
    [
      'a list for an argument',
      { ...WEEKLY, tasks: [{ name: 'books', spider_args: { a: ['b'] } }] },
      'spider_args',
    ],
    ['a name for an argument', { ...WEEKLY, tasks: [{ name: 'books', spider_args: { 'a=b': 'c' } }] }, 'a=b'],
    ['a zone', { ...WEEKLY, timezone: 'Nowhere/City' }, 'timezone'],
    ['an empty zone', { ...WEEKLY, timezone: '' }, 'timezone'],
    ['a word', { ...WEEKLY, overlap: 'maybe' }, 'overlap'],
    ['a jitter', { ...WEEKLY, jitter_seconds: 3601 }, 'jitter_seconds'],
    ['a time without a zone', { ...WEEKLY, start_at: '2030-01-01T00:00:00' }, 'start_at'],
    [
      'an end before the start',
      { ...WEEKLY, start_at: '2030-01-02T00:00:00Z', end_at: '2030-01-01T00:00:00Z' },
      'end_at',
    ],
    ['an empty tag', { ...WEEKLY, addtags: [' '] }, 'addtags'],
    ['an open quote', { ...WEEKLY, tasks: [{ name: 'py:report.py', script_args: "'a" }] }, 'script_args'],
    ['a NUL', { ...WEEKLY, description: 'a\0b' }, 'description'],
  ])('%s', async (_what, body, field) => {
    const { body: answer } = await call('post', base, body).expect(400);
    expect(Object.keys(answer)).toEqual([field]);
    expect(answer[field]).toEqual([expect.stringMatching(/\S/)]);
    expect((await call('get', base)).body.count).toBe(0);
  });

  it.each(['', '[]', '{', 'null', '"x"'])('a body that is %j', async (text) => {
    await call('post', base, text).expect(400);
  });

  it('and changes nothing of what is there', async () => {
    const id = await made();
    const { body } = await call('get', `${base}/${id}`);
    await call('patch', `${base}/${id}`, { description: 'new', cron: 'never' }).expect(400);
    await call('get', `${base}/${id}`).expect(200, body);
  });
});

it('another team finds nothing, and plans nothing', async () => {
  const id = await made();
  const key = api.other.key;
  const answers = [
    await call('get', base, undefined, key),
    await call('get', `${base}/${id}`, undefined, key),
    await call('post', base, WEEKLY, key),
    await call('patch', `${base}/${id}`, { disabled: true }, key),
    await call('put', `${base}/${id}`, WEEKLY, key),
    await call('delete', `${base}/${id}`, undefined, key),
    await call('get', `/api/periodic_jobs?project=${api.team.project}`, undefined, key),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
  const theirs = base.replace(`/${api.team.project}/`, `/${api.other.project}/`);
  await call('get', `${theirs}/${id}`, undefined, key).expect(404);
  await call('patch', `${theirs}/${id}`, { disabled: true }, key).expect(404);
  expect((await call('get', `${base}/${id}`)).body.disabled).toBe(false);
});
