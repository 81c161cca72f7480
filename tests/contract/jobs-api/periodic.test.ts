import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Service, startService } from '../../support/service.ts';

const execute = promisify(execFile);

let service: Service;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['books'] });
});
afterAll(() => service?.stop());

interface Outcome {
  call: string;
  status: number;
  value: Record<string, unknown>;
}

async function outcomes(): Promise<Outcome[]> {
  const python = process.env.SPIDERHUB_CLIENTS_PYTHON;
  if (!python) throw new Error('SPIDERHUB_CLIENTS_PYTHON is not set: run these tests through `npm test`');
  const { stdout } = await execute(python, [join(__dirname, 'periodic.py')], {
    env: {
      ...process.env,
      SCRAPY_CLOUD_ENDPOINT: `${service.url}/api/`,
      SHUB_APIKEY: service.team.key,
      PROJECT: String(service.team.project),
    },
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);
}

it("clients' own calls for periodic jobs work as they were published", async () => {
  const { project } = service.team;
  const done = await outcomes();
  const jobs = `projects/${project}/periodicjobs`;
  const id = done[1]?.value.id as number;
  const other = done[9]?.value.id as number;
  expect(done.map(({ call, status }) => `${status} ${call}`)).toEqual([
    `200 GET ${jobs}`,
    `201 POST ${jobs}`,
    `200 GET ${jobs}/${id}`,
    `200 PATCH ${jobs}/${id}`,
    `200 PATCH ${jobs}/${id}`,
    `200 GET ${jobs}`,
    `400 POST ${jobs}`,
    `204 DELETE ${jobs}/${id}`,
    `404 GET ${jobs}/${id}`,
    `201 POST v2/${jobs}`,
    `200 GET v2/${jobs}`,
    `204 DELETE v2/${jobs}/${other}`,
    `200 GET v2/${jobs}`,
  ]);
  expect(done[0]?.value).toEqual({ count: 0, next: null, previous: null, results: [] });
  expect(done[1]?.value).toMatchObject({
    project,
    type: 'spider',
    cron: '0 14 * * 1',
    tasks: [{ name: 'books', jobq_id: expect.any(Number), priority: 2, spider_args: { limit: '100' } }],
    addtags: ['skill'],
    disabled: false,
    description: 'Weekly crawl',
  });
  expect(done[2]?.value).toEqual(done[1]?.value);
  expect(done[3]?.value).toMatchObject({ id, cron: '30 18 * * 2', description: 'Weekly crawl' });
  expect(done[4]?.value).toMatchObject({ id, cron: '30 18 * * 2', disabled: true });
  expect(done[5]?.value).toEqual({ count: 1, next: null, previous: null, results: [done[4]?.value] });
  expect(done[6]?.value).toEqual({ tasks: ['This field is required.'] });
  expect(done[9]?.value).toMatchObject({ type: 'spider', cron: '0 14 * * 1', addtags: ['a'] });
  expect(done[12]?.value).toMatchObject({ count: 0, results: [] });
});

it('curl makes, lists, changes, pauses and deletes them', async () => {
  const base = `${service.url}/api/projects/${service.team.project}/periodicjobs`;
  const curl = async (...args: string[]) => {
    const { stdout } = await execute('curl', [
      '-s',
      '-w',
      '\n%{http_code}',
      '-u',
      `${service.team.key}:`,
      ...args,
    ]);
    const [status, ...body] = stdout.split('\n').reverse();
    const text = body.reverse().join('\n');
    return {
      status: Number(status),
      value: text === '' ? null : (JSON.parse(text) as Record<string, unknown>),
    };
  };
  const sending = (method: string, body: string) => [
    '-X',
    method,
    '-H',
    'Content-Type: application/json',
    '-d',
    body,
  ];
  const plan = '{"cron": "30 6 * * *", "tasks": [{"name": "books"}]}';
  const made = await curl(base, ...sending('POST', plan));
  expect(made).toMatchObject({ status: 201, value: { cron: '30 6 * * *' } });
  const one = `${base}/${made.value?.id as number}`;
  expect(await curl(base)).toMatchObject({ status: 200, value: { count: 1 } });
  expect(await curl(one, ...sending('PATCH', '{"cron": "0 7 * * *"}'))).toMatchObject({
    status: 200,
    value: { cron: '0 7 * * *', tasks: [{ name: 'books' }] },
  });
  expect(await curl(one, ...sending('PATCH', '{"disabled": true}'))).toMatchObject({
    status: 200,
    value: { disabled: true, next_runs: [] },
  });
  expect(await curl(one, '-X', 'DELETE')).toEqual({ status: 204, value: null });
  expect(await curl(one)).toMatchObject({ status: 404 });
});
