import type { IncomingMessage } from 'node:http';
import type { JobKey, StreamName } from '@spiderhub/core';
import { service } from '@spiderhub/core';
import { scheduleRequest } from '../../support/team.ts';
import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;
let project: number;
let key: JobKey;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.renew();
  project = api.team.project;
  key = await makeJob('a');
});
afterAll(() => api.close());

async function makeJob(spider: string): Promise<JobKey> {
  const [outcome] = await api.store.schedule([
    scheduleRequest(project, spider, { state: 'finished', external: true }),
  ]);
  if (outcome?.outcome !== 'scheduled') throw new Error('not scheduled');
  return { project, spider: outcome.spider, job: outcome.job };
}

async function write(stream: StreamName, lines: string[], of = key): Promise<void> {
  const ref = { key: of, attempt: 0, stream };
  // Two arrivals, so that answers cross the borders of batches.
  const half = Math.ceil(lines.length / 2);
  for (const part of [lines.slice(0, half), lines.slice(half)]) {
    if (part.length > 0)
      await api.streams.write(
        ref,
        part.map((line) => Buffer.from(line)),
      );
  }
}

const get = (path: string, query = '') =>
  api
    .get(`/api/${path}?project=${project}&job=${project}/${key.spider}/${key.job}${query}`)
    .buffer(true)
    .parse(text);
function text(answer: unknown, done: (error: Error | null, body: string) => void): void {
  let body = '';
  // supertest's types know it as its own Response; it is Node's.
  const res = answer as IncomingMessage;
  res.setEncoding('utf8');
  res.on('data', (chunk) => {
    body += chunk;
  });
  res.on('end', () => done(null, body));
}
const bodyOf = async (path: string, query = '') => (await get(path, query)).body as string;

describe('items', () => {
  const raw = [
    '{"n": 0,"x":NaN}',
    '{"n":12345678901234567890}',
    '{}',
    '{"s":"\\ud800","__proto__":{"a":1}}',
    '{"n": 4}',
  ];

  it('come as the bytes that the crawl wrote', async () => {
    await write('items', raw);
    const answer = await get('items.jl');
    expect(answer.body).toBe(`${raw.join('\n')}\n`);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-jsonlines',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `attachment; filename="items-${project}-1-1.jl"`,
    });
    expect(await bodyOf('items.json')).toBe(`[${raw.join(',\n')}]`);
  });

  it('are an empty answer when there are none', async () => {
    expect(await bodyOf('items.jl')).toBe('');
    expect(await bodyOf('items.json')).toBe('[]');
    expect(await bodyOf('items.csv', '&fields=a')).toBe('');
    expect(await bodyOf('items.csv', '&fields=a,b&include_headers=1')).toBe('a,b\n');
  });

  it.each([
    ['', [0, 1, 2, 3, 4]],
    ['&offset=3', [3, 4]],
    ['&count=2', [0, 1]],
    ['&offset=1&count=3', [1, 2, 3]],
    ['&count=-2', [3, 4]],
    ['&count=-99', [0, 1, 2, 3, 4]],
    ['&count=-3&offset=1', [3, 4]],
    ['&count=0', []],
    ['&offset=99', []],
  ])('select with %s', async (query, expected) => {
    await write(
      'items',
      [0, 1, 2, 3, 4].map((n) => `{"n":${n}}`),
    );
    expect(JSON.parse(await bodyOf('items.json', query)).map(({ n }: { n: number }) => n)).toEqual(expected);
  });

  it.each(['&meta=_key&meta=_ts&meta=other', '&meta=_key,_ts'])(
    'get their key and time spliced in, beside what they have, for %s',
    async (meta) => {
      const before = Date.now();
      await write('items', raw);
      const lines = (await bodyOf('items.jl', meta)).trimEnd().split('\n');
      lines.forEach((line, i) => {
        const head = raw[i]?.slice(0, -1);
        const [start, ts] = line.split(',"_ts":');
        const own = start?.startsWith('{"_key"') ? `{"_key"` : `${head},"_key"`;
        expect(start).toBe(`${own}:"${project}/1/1/${i}"`);
        expect(Number(ts?.slice(0, -1))).toBeGreaterThanOrEqual(before);
      });
      expect(lines[2]).toMatch(/^\{"_key":/);
    },
  );

  it('come as CSV with the fields that were asked for', async () => {
    await write('items', ['{"a":"x,y","b":12345678901234567890}', '{"b":"=1+1"}']);
    expect(await bodyOf('items.csv', '&fields=b,a&include_headers=1')).toBe(
      'b,a\n12345678901234567890,"x,y"\n=1+1,\n',
    );
    expect(await bodyOf('items.csv', '&fields=b&safe=1')).toBe("12345678901234567890\n'=1+1\n");
    expect((await get('items.csv')).status).toBe(400);
  });

  it('of a spider are those of its last finished job', async () => {
    await write('items', ['{"job":1}']);
    await write('items', ['{"job":2}'], await makeJob('a'));
    const answer = await api.get(`/api/items.json?project=${project}&spider=a`);
    expect(answer.body).toEqual([{ job: 2 }]);
    expect((await api.get(`/api/items.json?project=${project}&spider=b`)).status).toBe(404);
  });

  it('of a large job stream past while the client reads, and stop when it hangs up', async () => {
    const line = `{"text":"${'x'.repeat(1000)}"}`;
    const ref = { key, attempt: 0, stream: 'items' as const };
    for (let i = 0; i < 20; i++)
      await api.streams.write(
        ref,
        Array.from({ length: 1000 }, () => Buffer.from(line)),
      );
    const { port } = api.server.address() as { port: number };
    const url = `http://127.0.0.1:${port}/api/items.jl?project=${project}&job=${project}/1/1&apikey=${api.team.key}`;
    const reader = (await fetch(url)).body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    const whole = await (await fetch(url)).text();
    expect(whole.length).toBe(20_000 * (line.length + 1));
  });

  it.each([
    ['items.json', '', 400, 'job: is required'],
    ['items.json', '&job=1', 400, 'job: expected project/spider/job'],
    ['items.json', '&job=P/1/99', 404, 'not found'],
    ['items.json', '&job=F/1/1', 404, 'not found'],
    ['items.json', '&job=P/1/1&count=NaN', 400, 'count: '],
    ['items.json', '&job=P/1/1&offset=-1', 400, 'offset: '],
    ['items.csv', '&job=P/1/1&fields=', 400, 'fields: is required'],
    ['log.txt', '&job=P/1/1&level=LOUD', 400, 'level: expected one of DEBUG, INFO'],
  ])('%s refuses %s', async (path, query, status, message) => {
    const filled = query.replace('P/', `${project}/`).replace('F/', `${api.other.project}/`);
    const answer = await api.get(`/api/${path}?project=${project}${filled}`);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ status: 'error', message: expect.stringContaining(message) });
  });

  it('are gone with a deleted job', async () => {
    await write('items', raw);
    await api.store.remove({ project, keys: [key], strict: true }, service('test'));
    expect((await get('items.jl')).status).toBe(404);
  });

  it('cut the connection when reading fails in the middle', async () => {
    jest.spyOn(api.streams, 'read').mockImplementationOnce(async function* () {
      yield { first: 0, ts: 0, lines: Array.from({ length: 200 }, () => Buffer.alloc(1000, 97)) };
      throw new Error('disk gone');
    });
    const failure = await get('items.jl').then(
      () => null,
      (error: Error) => error,
    );
    expect(failure?.message).toMatch(/aborted|hang up|terminated/);
    jest.spyOn(api.streams, 'read').mockImplementationOnce(async function* () {
      yield* [];
      throw new Error('disk gone');
    });
    expect((await get('items.jl')).status).toBe(500);
  });
});

describe('log', () => {
  const time = Date.UTC(2015, 10, 9, 15, 20, 25, 999);
  const records = [
    `{"time":${time},"level":20,"message":"opened"}`,
    `{"time":${time},"level":10,"message":"debug \\"q\\""}`,
    `{"message":"two\\nlines","level":40,"time":${time}}`,
    `{"time":${time},"level":30,"message":"warn"}`,
    `{"time":${time},"level":50,"message":"bad"}`,
    '{}',
  ];
  beforeEach(() => write('logs', records));

  it('comes as lines of text', async () => {
    const answer = await get('log.txt');
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    const at = '2015-11-09T15:20:25';
    expect(answer.body).toBe(
      `${at} INFO opened\n${at} DEBUG debug "q"\n${at} ERROR two\nlines\n${at} WARNING warn\n${at} CRITICAL bad\n- INFO \n`,
    );
  });

  it.each(['log.json', 'log.jl'])('comes as %s with logLevel, message and time', async (path) => {
    const body = await bodyOf(path);
    const found = path.endsWith('.jl')
      ? body
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      : JSON.parse(body);
    expect(found).toHaveLength(6);
    expect(found[2]).toEqual({ message: 'two\nlines', level: 40, time, logLevel: 40 });
    expect(found[5]).toEqual({ logLevel: 20 });
  });

  const shown = async (query: string) =>
    (JSON.parse(await bodyOf('log.json', query)) as { logLevel: number }[]).map(({ logLevel }) => logLevel);

  it.each([
    ['&level=DEBUG', [20, 10, 40, 30, 50, 20]],
    ['&level=WARNING', [40, 30, 50]],
    ['&level=error', [40, 50]],
    ['&level=WARNING&count=2', [40, 30]],
    ['&level=WARNING&count=-2', [30, 50]],
    ['&level=WARNING&offset=1', [30, 50]],
    ['&level=WARNING&offset=1&count=1', [30]],
    ['&level=WARNING&count=0', []],
    ['&count=-2', [50, 20]],
    ['&offset=4', [50, 20]],
  ])('selects with %s', async (query, expected) => {
    expect(await shown(query)).toEqual(expected);
  });
});
