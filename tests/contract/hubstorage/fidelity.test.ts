import { createJobView } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';

let service: Service;
let project: number;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['site'] });
  project = service.team.project;
  await service.db.database('projects').update({ paused: true });
});
afterAll(() => service?.stop());

function call(path: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`;
  return fetch(`${service.url}${path}`, {
    headers: { authorization, ...headers },
    ...(body !== undefined && { method: 'POST', body: new Uint8Array(Buffer.from(body)) }),
  });
}

async function push(...lines: string[]): Promise<{ key?: string; error?: string }[]> {
  const answer = await call(`/storage/jobq/${project}/push`, lines.join('\n'));
  expect(answer.status).toBe(200);
  return (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key?: string; error?: string });
}

async function newJob(line = '{"spider":"site","state":"running"}'): Promise<string> {
  const [pushed] = await push(line);
  if (!pushed?.key) throw new Error(`not scheduled: ${pushed?.error}`);
  return pushed.key;
}

const metadata = async (key: string) => (await call(`/storage/jobs/${key}`)).text();

describe('a record that is not JSON', () => {
  it.each([
    ['items', '{"a":1}{"b":2}'],
    ['items', '{"a":1,}'],
    ['items', '{"n":01}'],
    ['items', '{"tab":"a\tb"}'],
    ['items', Buffer.from('{"bad":"\xff\xfe"}', 'latin1')],
    ['requests', '{"url":"a",}'],
    ['samples', '[1,2,]'],
    ['logs', '{"time":1,"level":20,"message":"x",}'],
  ])('is refused by %s: %s', async (stream, line) => {
    const key = await newJob();
    expect((await call(`/storage/${stream}/${key}`, line)).status).toBe(400);
    expect(await (await call(`/storage/${stream}/${key}`)).text()).toBe('');
  });

  it.each([
    ['/jobs/KEY', '{"bad":[1,]}'],
    ['/jobs/KEY/field', '"a" "b"'],
    ['/jobq/P/update', '{"key":"KEY","bad":{"x":tru}}'],
    ['/jobq/P/push', '{"spider":"site","bad":[1,]}'],
    ['/hcf/P/f/s/s', '{"fp":"b","qdata":[1,]}'],
    ['/collections/P/s/c', '{"_key":"b","v":[1,]}'],
  ])('is refused by %s', async (path, body) => {
    const key = await newJob();
    const at = `/storage${path.replace('KEY', key).replace('P', String(project))}`;
    expect((await call(at, body.replace('KEY', key))).status).toBe(400);
    expect(JSON.parse(await metadata(key))).not.toHaveProperty('bad');
  });
});

describe('numbers that JavaScript has no room for', () => {
  const SETTINGS = '{"ID": 1234567890123456789, "F": 1.0, "E": 1e400, "N": NaN}';
  const AS_WRITTEN = '"job_settings":{"ID":1234567890123456789,"F":1.0,"E":1e400,"N":NaN}';

  it('stay what they were in settings and meta of run.json', async () => {
    const form = new URLSearchParams({
      project: String(project),
      spider: 'site',
      job_settings: SETTINGS,
      meta: '{"big": 1234567890123456789, "nan": NaN, "close_reason": null}',
    });
    const answer = await call('/api/run.json', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    const { jobid } = (await answer.json()) as { jobid: string };
    const text = await metadata(jobid);
    expect(text).toContain(AS_WRITTEN);
    expect(text).toContain('"big":1234567890123456789');
    expect(text).toContain('"nan":NaN');
    const [projectId, spider, job] = jobid.split('/').map(Number) as [number, number, number];
    const stored = await createJobView(service.db.database).find({ project: projectId, spider, job });
    expect(stored?.settings).toEqual({ ID: '1234567890123456789', F: '1.0', E: '1e400', N: 'NaN' });
  });

  it('stay what they were in settings and arguments of a push', async () => {
    const key = await newJob(
      `{"spider":"site","job_settings":${SETTINGS},"spider_args":{"id":1234567890123456789,"f":1.0}}`,
    );
    const text = await metadata(key);
    expect(text).toContain(AS_WRITTEN);
    expect(text).toContain('"spider_args":{"id":"1234567890123456789","f":"1.0"}');
  });
});

describe('a push', () => {
  it('answers each line by itself, in order', async () => {
    const answers = await push(
      '{"spider":"site","unique":"one"}',
      '{"spider":"\\ud801"}',
      '{"spider":"site","unique":"one"}',
      '{"spider":"site","tags":["\\ud801"]}',
      '{"spider":"site","units":1000}',
      `{"spider":"site","spider_args":{"a":"${'x'.repeat(300_000)}"}}`,
      `{"spider":"site","unique":"${'long '.repeat(8000)}"}`,
      '{"spider":"site","tags":null,"priority":null,"version":null}',
    );
    expect(answers.map(({ key, error }) => (key ? 'scheduled' : error?.replace(/: .*/, '')))).toEqual([
      'scheduled',
      'spider',
      'Active job exists with key one',
      'tags',
      'units',
      'a',
      'scheduled',
      'scheduled',
    ]);
  });

  it('numbers the jobs of many lines in their order', async () => {
    const lines = Array.from({ length: 450 }, (_, n) => `{"spider":"many${n % 2}","n":${n}}`);
    const keys = (await push(...lines)).map(({ key }) => key?.split('/').slice(1).map(Number) ?? []);
    const [spider] = keys[0] as [number];
    expect(keys).toEqual(lines.map((_, n) => [spider + (n % 2), Math.floor(n / 2) + 1]));
  });
});

describe('what the job is', () => {
  it('is told alike by lists and metadata, whatever meta said', async () => {
    const form = `project=${project}&spider=site&add_tag=real&u=1&meta=${encodeURIComponent('{"state":"finished","close_reason":"mydone","tags":["m"]}')}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { jobid } = (await (await call('/api/run.json', form, headers)).json()) as { jobid: string };
    await call('/api/jobs/update.json', `project=${project}&job=${jobid}&add_tag=later`, headers);
    const list = await (await call(`/api/jobs/list.json?project=${project}&has_tag=m&job=${jobid}`)).json();
    expect(list).toMatchObject({ jobs: [{ tags: ['real', 'm', 'later'], close_reason: 'mydone' }] });
    expect(JSON.parse(await metadata(jobid))).toMatchObject({
      tags: ['real', 'm', 'later'],
      close_reason: 'mydone',
      state: 'finished',
    });
  });

  it('is emptied by null', async () => {
    const key = await newJob('{"spider":"site","tags":["x"],"close_reason":"y"}');
    await call(`/storage/jobs/${key}`, '{"tags":null,"close_reason":null,"unique":"u"}');
    const fields = JSON.parse(await metadata(key)) as Record<string, unknown>;
    expect([fields.tags, fields.close_reason, fields.unique]).toEqual([[], undefined, undefined]);
  });

  it.each(['{"tags":"x"}', '{"priority":99}', '{"job_settings":[]}'])('cannot become %s', async (body) => {
    const key = await newJob();
    expect((await call(`/storage/jobs/${key}`, body)).status).toBe(400);
  });
});
