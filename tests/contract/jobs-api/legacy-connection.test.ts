import type { StreamName } from '@spiderhub/core';
import { type Service, startService } from '../../support/service.ts';
import { withConnection } from './clients.ts';

let service: Service;
let base: string;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['a', 'b'] });
  base = `${service.team.project}`;
});
afterAll(() => service?.stop());
beforeEach(() =>
  service.db.database.raw('truncate jobs, job_details, job_counts, job_count_changes cascade'),
);

const run = (code: string, key?: string) => withConnection(service, code, key);

it('schedules jobs with arguments, tags and priority', async () => {
  const result = await run(`
jobid = project.schedule('a', add_tag=['t1', 't2'], priority=4, category='books & more')
job = project.job(jobid)
result = [jobid.rsplit('/', 1)[0], {k: job.info[k] for k in ('id', 'spider', 'state', 'tags', 'priority', 'spider_args')}]`);
  expect(result).toEqual([
    `${base}/1`,
    {
      id: expect.stringMatching(new RegExp(`^${base}/1/\\d+$`)),
      spider: 'a',
      state: 'pending',
      tags: ['t1', 't2'],
      priority: 4,
      spider_args: { category: 'books & more' },
    },
  ]);
});

it('lists all jobs newest first, filters them and counts them', async () => {
  const result = await run(`
ids = [project.schedule('a', n=i, add_tag='even' if i % 2 == 0 else 'odd') for i in range(5)]
ids.append(project.schedule('b'))
result = {
  'all': [job.id for job in project.jobs()] == ids[::-1],
  'even': [job.id for job in project.jobs(has_tag='even')] == ids[0:5:2][::-1],
  'either': len(list(project.jobs(has_tag=['even', 'odd']))),
  'lacks': [job.id for job in project.jobs(lacks_tag=['even', 'odd'])] == ids[5:],
  'spider': len(list(project.jobs(spider='b'))),
  'state': len(list(project.jobs(state='running'))),
  'page': [job.id for job in project.jobs(count=2, offset=1)] == ids[::-1][1:3],
  'count': project.jobs(spider='a', count=2).count(),
  'missing': project.job('${base}/1/999'),
}`);
  expect(result).toEqual({
    all: true,
    even: true,
    either: 5,
    lacks: true,
    spider: 1,
    state: 0,
    page: true,
    count: 5,
    missing: null,
  });
});

it('tags one job and a set of jobs', async () => {
  const result = await run(`
first, second = project.schedule('a'), project.schedule('b', add_tag='x')
one = project.job(first).update(add_tag=['n1', 'n2'], remove_tag='x')
both = project.jobs(state='pending').update(add_tag='seen')
none = project.jobs(has_tag='nope').update(add_tag='seen')
result = [one, both, none, project.job(first).info['tags'], project.job(second).info['tags']]`);
  expect(result).toEqual([1, 2, 0, ['n1', 'n2', 'seen'], ['x', 'seen']]);
});

it('stops and deletes jobs', async () => {
  const result = await run(`
job = project.job(project.schedule('a'))
stopped = job.stop()
after = project.job(job.id).info
deleted = job.delete()
project.schedule('a', n=1); project.schedule('a', n=2)
project.jobs(state='pending').stop()
project.jobs(state='finished').delete()
result = [stopped, after['state'], after['close_reason'], deleted, project.job(job.id), project.jobs().count()]`);
  expect(result).toEqual([true, 'finished', 'cancelled', 1, null, 0]);
});

it('reads items and the log', async () => {
  const jobid = (await run(`result = project.schedule('a', meta='{"state": "finished"}')`)) as string;
  const [project, spider, job] = jobid.split('/').map(Number) as [number, number, number];
  const { streams } = service.storage;
  const write = (stream: StreamName, lines: string[]) =>
    streams.write(
      { key: { project, spider, job }, attempt: 0, stream },
      lines.map((line) => Buffer.from(line)),
    );
  await write('items', ['{"n":0,"text":"\\u00fc"}', '{"n":12345678901234567890}', '{"n":NaN}']);
  await write('logs', ['{"time":1,"level":20,"message":"info"}', '{"time":2,"level":40,"message":"error"}']);
  const result = await run(`
job = project.job('${jobid}')
items = list(job.items())
result = {
  'items': [items[0], items[1]['n'] == 12345678901234567890, items[2]['n'] != items[2]['n']],
  'page': [item['n'] for item in job.items(offset=0, count=1)],
  'meta': [item['_key'] for item in job.items(meta='_key')],
  'log': [(line['logLevel'], line['message'], line['time']) for line in job.log()],
  'errors': [line['message'] for line in job.log(level='ERROR')],
}`);
  expect(result).toEqual({
    items: [{ n: 0, text: 'ü' }, true, true],
    page: [0],
    meta: [`${jobid}/0`, `${jobid}/1`, `${jobid}/2`],
    log: [
      [20, 'info', 1],
      [40, 'error', 2],
    ],
    errors: ['error'],
  });
});

it('names projects and spiders', async () => {
  const result = await run(`
result = [list(conn.project_ids()), [(s['id'], s['version'], s['type'], s['tags']) for s in project.spiders()]]`);
  expect(result).toEqual([
    [service.team.project],
    [
      ['a', '1.0', 'manual', []],
      ['b', '1.0', 'manual', []],
    ],
  ]);
});

describe('errors reach the client as its own', () => {
  const failure = (call: string) => `
try:
  ${call}
  result = None
except APIError as error:
  result = [error._type, str(error)]`;

  it.each([
    ['an unknown spider', "project.schedule('nope')", ['err_bad_request', 'spider: nope not found']],
    [
      'a bad priority',
      "project.schedule('a', priority=9)",
      ['err_bad_request', expect.stringContaining('priority: ')],
    ],
    [
      'a duplicate',
      "project.schedule('a'); project.schedule('a')",
      ['err_bad_request', 'a already scheduled'],
    ],
    [
      'a job that is not there',
      "project._post('jobs_stop', 'json', {'job': '1/1/9'})",
      ['err_not_found', 'Not found'],
    ],
    ['a project that is not there', 'conn[987654].jobs().count()', ['err_not_found', 'Not found']],
  ])('%s', async (_, call, expected) => {
    expect(await run(failure(call))).toEqual(expected);
  });

  it('a wrong key', async () => {
    expect(await run(failure('list(conn.project_ids())'), '0'.repeat(32))).toEqual([
      'err_auth_error',
      'Authentication failed',
    ]);
  });
});
