import { formatJobKey, type JobKey, type ScheduleRequest, type StreamName } from '@spiderhub/core';
import { scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { finishJob } from './jobs.ts';

let api: ApiUnderTest;
let page: Browser;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.renew();
  page = new Browser(api, withKey(api.team.key));
});

const pathOf = ({ project, spider, job }: JobKey) => `/projects/${project}/jobs/${spider}/${job}`;

/** A finished job with these records. */
async function makeJob(
  records: Partial<Record<StreamName, string[]>>,
  {
    reason = 'finished',
    stats,
    ...more
  }: { reason?: string; stats?: string } & Partial<ScheduleRequest> = {},
): Promise<JobKey> {
  const key = await api.jobs.schedule(scheduleRequest(api.team.project, 'a', more));
  await finishJob(api.database.database, formatJobKey(key), reason, { items: records.items?.length ?? 0 });
  for (const [stream, lines] of Object.entries(records)) {
    const ref = { key, attempt: 1, stream: stream as StreamName };
    await api.streams.write(
      ref,
      lines.map((line) => Buffer.from(line)),
    );
  }
  if (stats) {
    const { database } = api.database;
    const { id } = await database('jobs')
      .where({ project_id: key.project, spider: key.spider, number: key.job })
      .first();
    await database('job_details').where({ job_id: id }).update({ scrapy_stats: stats });
  }
  return key;
}
/** All that a search finds, call by call: a busy machine gets less far in each. */
async function searched(path: string, query: string, from: number) {
  const records: { n: number }[] = [];
  const answer = { records, scannedTo: from, done: false, calls: 0 };
  while (!answer.done && answer.calls < 500) {
    const { body } = await page.get(`${path}?${query}&from=${answer.scannedTo}`);
    records.push(...body.records);
    answer.scannedTo = body.scannedTo;
    answer.done = body.done;
    answer.calls += 1;
  }
  return { ...answer, records: records.sort((a, b) => a.n - b.n) };
}
const log = (n: number, level: number, message: string) => JSON.stringify({ time: 1000 + n, level, message });

describe('a log', () => {
  const lines = Array.from({ length: 3000 }, (_, n) =>
    n % 1000 === 500 ? log(n, 40, `Error ${n}: no "x${n}"`) : log(n, n % 2 ? 10 : 20, `line ${n} ß`),
  );

  it('is read forward and backward, whole and filtered, each record once', async () => {
    const path = `${pathOf(await makeJob({ logs: lines }))}/logs`;
    const first = (await page.get(`${path}?limit=2`)).body;
    expect(first).toEqual({
      records: [
        { n: 0, time: 1000, level: 20, message: 'line 0 ß', size: 8 },
        { n: 1, time: 1001, level: 10, message: 'line 1 ß', size: 8 },
      ],
      scannedTo: 2,
      done: false,
      end: 3000,
      levels: [
        { level: 10, count: 1500 },
        { level: 20, count: 1497 },
        { level: 40, count: 3 },
      ],
    });
    const tail = (await page.get(`${path}?back=true&limit=3`)).body;
    expect([tail.records.map(({ n }: { n: number }) => n), tail.scannedTo, tail.done]).toEqual([
      [2997, 2998, 2999],
      2997,
      false,
    ]);
    expect((await searched(path, 'level=40&limit=1', 0)).records).toMatchObject([
      { n: 500 },
      { n: 1500 },
      { n: 2500 },
    ]);
    const before = await searched(path, 'level=40&back=true', 2500);
    expect(before).toMatchObject({ records: [{ n: 500 }, { n: 1500 }], scannedTo: 0, done: true });
    const found = await searched(path, 'q=LINE%202999', 0);
    expect(found).toMatchObject({ records: [{ n: 2999 }], scannedTo: 3000, done: true });
    expect((await page.get(`${path}?level=50`)).body).toMatchObject({ records: [], done: true });
    expect((await page.get(`${path}?from=3000`)).body).toMatchObject({
      records: [],
      scannedTo: 3000,
      done: true,
    });
    expect((await page.get(`${path}/2999`)).body).toMatchObject({ n: 2999, message: 'line 2999 ß' });
    expect((await page.get(`${path}/3000`)).status).toBe(400);
    expect((await page.get(`${path}?attempt=2`)).body.error.field).toBe('attempt');
  });

  it('that is long is searched call by call, and nothing is passed by', async () => {
    const long = Array.from({ length: 60_000 }, (_, n) =>
      log(n, 20, `${n % 20_000 === 7 ? 'needle' : 'hay'} ${'x'.repeat(200)}`),
    );
    const path = `${pathOf(await makeJob({ logs: long }))}/logs`;
    for (const [query, from] of [
      ['q=needle&limit=1', 0],
      ['q=needle&limit=1&back=true', 60_000],
    ] as const) {
      const { records, calls } = await searched(path, query, from);
      expect(records.map(({ n }) => n)).toEqual([7, 20_007, 40_007]);
      // 12 MB, at most 5 a call.
      expect(calls).toBeGreaterThan(3);
    }
  });

  it('has its errors grouped by their shape', async () => {
    const logs = Array.from({ length: 100 }, (_, n) =>
      n % 40 === 5 ? log(n, 40, `Error ${n}: no "x${n}"`) : log(n, 20, 'fine'),
    );
    expect((await page.get(`${pathOf(await makeJob({ logs }))}/errors`)).body).toEqual({
      groups: [{ shape: 'Error #: no #', count: 3, first: 5, last: 85, example: 'Error 5: no "x5"' }],
      total: 3,
      isPartial: false,
    });
    const none = { groups: [], total: 0, isPartial: false };
    expect((await page.get(`${pathOf(await makeJob({}))}/errors`)).body).toEqual(none);
  });
});

describe('items', () => {
  it('come as they were written, cut with their size', async () => {
    const long = `"${'é'.repeat(2000)}"`;
    const key = await makeJob({
      items: [
        `{"n":NaN,"big":1152921504606846976,"long":${long},"__proto__":{"a":-0.0}}`,
        '{"n":1}',
        '{"big":2}',
      ],
    });
    const path = pathOf(key);
    const { body } = await page.get(`${path}/items?limit=2`);
    expect(body).toMatchObject({ next: 2, done: false, end: 3 });
    expect(body.items[0].n).toBe(0);
    expect(body.items[0].fields).toEqual([
      { name: 'n', text: 'NaN', size: 3 },
      { name: 'big', text: '1152921504606846976', size: 19 },
      { name: 'long', text: `"${'é'.repeat(1023)}`, size: 4002 },
      { name: '__proto__', text: '{"a":-0.0}', size: 10 },
    ]);
    const some = (await page.get(`${path}/items?fields=${encodeURIComponent('["n"]')}&from=1`)).body;
    expect(some.items).toEqual([
      { n: 1, fields: [{ name: 'n', text: '1', size: 1 }] },
      { n: 2, fields: [] },
    ]);
    expect((await page.get(`${path}/items/0`)).body.fields[2]).toEqual({
      name: 'long',
      text: long,
      size: 4002,
    });
    expect((await page.get(`${path}/items?fields=n`)).body.error.field).toBe('fields');
  });

  it('show which fields they have, and which they have lost', async () => {
    for (let run = 0; run < 2; run += 1)
      await makeJob({ items: ['{"name":1,"price":2}', '{"name":1,"price":2}'] });
    const path = pathOf(await makeJob({ items: ['{"name":1}', '{"name":1,"new":2}'] }));
    expect((await page.get(`${path}/coverage`)).body).toMatchObject({
      items: 2,
      fields: [
        { name: 'name', count: 2, share: 1, usual: 1 },
        { name: 'new', count: 1, share: 0.5, usual: 0 },
        { name: 'price', count: 0, share: 0, usual: 1 },
      ],
    });
    expect((await page.get(`${path}/field?name=new`)).body).toMatchObject({
      sample: 2,
      present: 1,
      types: [{ type: 'number', count: 1 }],
    });
  });
});

it('requests are filtered by status and address', async () => {
  const request = (status: number, url: string) =>
    JSON.stringify({ time: 5, method: 'GET', status, url, duration: 12, rs: 100, fp: 'f', parent: null });
  const key = await makeJob({
    requests: [request(200, 'http://a/1'), request(404, 'http://a/2'), request(503, 'http://b/')],
  });
  const path = `${pathOf(key)}/requests`;
  expect((await page.get(path)).body).toMatchObject({ scannedTo: 3, done: true, end: 3 });
  expect((await page.get(`${path}?status=404`)).body.requests).toEqual([
    {
      n: 1,
      time: 5,
      method: 'GET',
      status: 404,
      url: 'http://a/2',
      duration: 12,
      size: 100,
      fingerprint: 'f',
      parent: null,
    },
  ]);
  expect((await page.get(`${path}?status=5xx`)).body.requests).toMatchObject([{ n: 2 }]);
  expect((await page.get(`${path}?q=a/`)).body.requests).toHaveLength(2);
});

it('samples are thinned to what was asked for, the first and the last among them', async () => {
  const samples = Array.from({ length: 1000 }, (_, n) =>
    JSON.stringify([n * 10_000, n, n, n, 0, n === 500 ? 9999 : 100]),
  );
  const path = `${pathOf(await makeJob({ samples }))}/samples`;
  const { points, total } = (await page.get(`${path}?points=50`)).body;
  expect(total).toBe(1000);
  expect(points.length).toBeLessThanOrEqual(50);
  expect(points.length).toBeGreaterThan(25);
  expect([points[0][0], points.at(-1)[0]]).toEqual([0, 9_990_000]);
  expect(Math.max(...points.map((point: number[]) => point[5]))).toBe(9999);
  expect((await page.get(path)).body.points).toHaveLength(1000);
});

it('stats stand beside those of the last good run', async () => {
  const good = await makeJob({}, { stats: '{"a":1,"same":"x","gone":2}' });
  await makeJob({}, { stats: '{"a":7}', reason: 'failed' });
  const path = pathOf(await makeJob({}, { stats: '{"a":1152921504606846976,"same":"x"}' }));
  expect((await page.get(`${path}/stats`)).body).toEqual({
    stats: [
      { name: 'a', value: '1152921504606846976', before: '1' },
      { name: 'gone', value: null, before: '2' },
      { name: 'same', value: '"x"', before: '"x"' },
    ],
    beside: formatJobKey(good),
  });
});

describe('a download', () => {
  const file = async (path: string) => {
    const { port } = api.server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/console${path}`, {
      headers: withKey(api.team.key),
    });
    return { text: await response.text(), headers: response.headers, status: response.status };
  };

  it('is a file with all records; a spreadsheet runs nothing of it', async () => {
    const key = await makeJob({
      items: ['{"name":"=1+1","n":NaN}', '{"name":"b, c"}'],
      logs: [log(0, 40, 'broken')],
    });
    const path = `${pathOf(key)}/download`;
    const csv = await file(`${path}/items/csv`);
    expect(csv.text).toBe(`name,n\n'=1+1,NaN\n"b, c",\n`);
    expect(csv.headers.get('content-disposition')).toBe(
      `attachment; filename="${formatJobKey(key).replaceAll('/', '-')}-items.csv"`,
    );
    expect(csv.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await file(`${path}/items/csv?guard=false&fields=${encodeURIComponent('["name"]')}`)).text).toBe(
      'name\n=1+1\n"b, c"\n',
    );
    expect((await file(`${path}/items/jl`)).text).toBe('{"name":"=1+1","n":NaN}\n{"name":"b, c"}\n');
    expect((await file(`${path}/logs/txt`)).text).toBe('1970-01-01T00:00:01 ERROR broken\n');
    expect((await file(`${path}/requests/csv`)).text).toBe('time,method,status,url,duration,rs,fp,parent\n');
    expect((await file(`${path}/items/txt`)).status).toBe(400);
    expect((await file(`${path}/items/exe`)).status).toBe(400);
  });
});

it('two jobs are compared: only what differs', async () => {
  const a = await makeJob(
    { items: ['{"id":1,"p":1}', '{"id":2,"p":1}', '{"id":3}'], logs: [log(0, 40, 'Error 1')] },
    { stats: '{"n":100,"same":1}', args: { lang: 'de' }, tags: ['x'] },
  );
  const b = await makeJob(
    {
      items: ['{"id":1,"p":1}', '{"id":2,"p":9}', '{"id":4}'],
      logs: [log(0, 40, 'Error 2'), log(1, 40, 'Other')],
    },
    { stats: '{"n":150,"same":1}', args: { lang: 'fr' }, reason: 'failed' },
  );
  const query = new URLSearchParams({ a: `${a.spider}/${a.job}`, b: formatJobKey(b), by: 'id' });
  const { status, body } = await page.get(`/projects/${api.team.project}/compare?${query.toString()}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    a: { key: formatJobKey(a), outcome: 'ok' },
    b: { key: formatJobKey(b), outcome: 'failed' },
    args: [{ name: 'lang', a: 'de', b: 'fr' }],
    settings: [],
    stats: [{ name: 'n', a: '100', b: '150', change: 0.5 }],
    errors: [
      { shape: 'Error #', a: 1, b: 1 },
      { shape: 'Other', a: 0, b: 1 },
    ],
    items: { same: 1, changed: 1, onlyA: 1, onlyB: 1, isPartial: false },
  });
  expect(body.facts.map(({ name }: { name: string }) => name)).toEqual(['closeReason', 'tags']);
  expect(body.items.examples).toContainEqual({ key: '2', kind: 'changed', fields: ['p'], a: 1, b: 1 });
  const foreign = await api.jobs.schedule(scheduleRequest(api.other.project, 'a'));
  const elsewhere = new URLSearchParams({ a: formatJobKey(a), b: formatJobKey(foreign) });
  expect((await page.get(`/projects/${api.team.project}/compare?${elsewhere.toString()}`)).status).toBe(404);
});
