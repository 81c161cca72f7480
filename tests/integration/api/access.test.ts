import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { hashApiKey, newApiKey, serviceErrors } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import supertest from 'supertest';
import { jobsApi } from '../../../apps/api/src/dialects/jobs-api/dialect.ts';
import type { Parts } from '../../../apps/api/src/parts.ts';
import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;
let project: number;

beforeAll(async () => {
  api = await startApi({ app: { authFailuresPerMinute: 1000 } });
});
beforeEach(async () => {
  await api.renew();
  project = api.team.project;
});
afterAll(() => api.close());

const listPath = () => `/api/jobs/list.json?project=${project}`;
const FAILED = { status: 'error', message: 'Authentication failed' };

/** A request that supertest would mend. */
function raw(
  path: string,
  headers: Record<string, string | string[]>,
): Promise<{ status: number; body: string }> {
  const { port } = api.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers }, (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

describe('who is asking', () => {
  it('takes the key as user name, with an empty or any other password', async () => {
    expect((await api.get(listPath())).status).toBe(200);
    expect((await supertest(api.server).get(listPath()).auth(api.team.key, ' ')).status).toBe(200);
  });

  it('takes the key as apikey in the query, alone or beside the same key', async () => {
    expect((await api.get(`${listPath()}&apikey=${api.team.key}`, null)).status).toBe(200);
    expect((await api.get(`${listPath()}&apikey=${api.team.key}`)).status).toBe(200);
  });

  it('takes the key as apikey in a form of any kind, and keeps it from the spider and the log', async () => {
    const fields = { project: String(project), spider: 'a', apikey: api.team.key };
    const form = () => supertest(api.server).post('/api/run.json');
    const answers = [
      await form()
        .type('form')
        .send({ ...fields, n: '1' }),
      await form()
        .type('json')
        .send({ ...fields, n: '2' }),
      await form().field({ ...fields, n: '3' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { jobs } = (await api.get(listPath())).body;
    expect(jobs.map((job: { spider_args: unknown }) => job.spider_args)).toEqual([
      { n: '3' },
      { n: '2' },
      { n: '1' },
    ]);
    expect(api.logs.join('')).not.toContain(api.team.key);
  });

  it('asks for a key whatever is wrong with a form that has none, and believes no key beside a header', async () => {
    const post = () => supertest(api.server).post('/api/run.json');
    const answers = [
      await post().type('form').send('apikey=wrong'),
      await post().type('form').send(`apikey=${api.team.key}&apikey=b`),
      await post().type('json').send('{'),
      await post().type('application/xml').send('<a/>'),
      await post().set('authorization', 'Basic Og==').type('form').send(`apikey=${api.team.key}`),
    ];
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([401, FAILED]);
  });

  it('refuses two keys that contradict each other', async () => {
    const answer = await api.get(`${listPath()}&apikey=${api.other.key}`);
    expect(answer.status).toBe(400);
    expect((await api.get(`${listPath()}&apikey=a&apikey=b`, null)).status).toBe(400);
  });

  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each([
    ['nothing', {}],
    ['an unknown key', { authorization: basic(`${'0'.repeat(32)}:`) }],
    ['no base64', { authorization: 'Basic \u00e4***' }],
    ['an empty user', { authorization: 'Basic Og==' }],
    ['no colon', { authorization: basic('abc') }],
    ['a NUL', { authorization: basic('a\0b:') }],
    ['another scheme', { authorization: 'Bearer KEY' }],
    ['the scheme alone', { authorization: 'Basic' }],
    ['10 kB', { authorization: `Basic ${'QUFB'.repeat(2500)}` }],
  ])('answers %s in one and the same way', async (_, headers: Record<string, string>) => {
    const answer = await supertest(api.server).get(listPath()).set(headers);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual(FAILED);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="apikey"');
    expect(answer.headers['x-request-id']).toBeDefined();
  });

  it('takes two Authorization headers for none', async () => {
    const both = [basic(`${api.team.key}:`), basic(`${api.other.key}:`)];
    expect((await raw(listPath(), { authorization: both })).status).toBe(401);
  });

  it('forgets a revoked key within a second', async () => {
    const admin = createAdminStore(api.database.database);
    const key = newApiKey();
    const made = await admin.createKey({
      hash: hashApiKey(key),
      hint: 'x',
      user: null,
      project,
      staff: false,
    });
    expect((await api.get(listPath(), key)).status).toBe(200);
    await admin.revokeKey(made.value.id);
    await delay(1050);
    expect((await api.get(listPath(), key)).status).toBe(401);
  });

  it('never logs a key', async () => {
    await api.get(`${listPath()}&apikey=${api.team.key}`, null);
    await api.post('/api/run.json', `project=${project}&spider=a&apikey=${api.team.key}`);
    await api.get(`/api/%0aFAKE${api.team.key.slice(0, 3)}?apikey=${api.team.key}`, null);
    expect(api.logs.length).toBeGreaterThanOrEqual(3);
    expect(api.logs.join('')).not.toContain(api.team.key);
    for (const line of api.logs) expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe('every route', () => {
  const paths = jobsApi
    .operations({} as Parts)
    // Some clients wait for a 403: see the tests of deploys.
    .filter(({ spec: { path, statusOf, action } }) => !path.includes(':') && !statusOf && action !== 'open')
    .map(({ spec: { method, path } }) => [method, path.slice(1)] as ['get' | 'post', string]);

  it.each(paths)('%s %s asks for a key, and for the right method', async (method, path) => {
    expect((await supertest(api.server)[method](`/api/${path}`)).status).toBe(401);
    const other = method === 'get' ? 'post' : 'get';
    for (const wrong of [other, 'put', 'delete'] as const) {
      const answer = await supertest(api.server)[wrong](`/api/${path}`).auth(api.team.key, '');
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe(method === 'get' ? 'GET, HEAD' : 'POST');
      expect(answer.body).toEqual({
        status: 'error',
        message: expect.stringContaining('Method not allowed'),
      });
    }
  });

  it.each(paths.filter(([method]) => method === 'get'))(
    '%s %s tells nothing of a foreign project',
    async (_, path) => {
      if (path.startsWith('scrapyd') || path.startsWith('v2')) return;
      const fields = path.endsWith('.csv') ? '&fields=a' : '';
      const query = (id: number) => `/api/${path}?project=${id}&job=${id}/1/1${fields}`;
      const foreign = await api.get(query(api.other.project));
      const missing = await api.get(query(987654));
      expect(foreign.status).toBe(404);
      expect(foreign.text.replaceAll(String(api.other.project), 'N')).toBe(
        missing.text.replaceAll('987654', 'N'),
      );
    },
  );

  it('answers unknown paths in JSON', async () => {
    for (const path of [
      '/api/nothing.json',
      '/api/',
      '/api/../api/x',
      '/api/jobs/list.xml',
      '/api/JOBS/list.json',
      '/other',
    ]) {
      const answer = await api.get(path);
      expect(answer.status).toBe(404);
      expect(answer.body.status).toBe('error');
    }
    expect((await api.get('/api/jobs/%ff')).status).toBe(404);
  });

  it('accepts a slash at the end', async () => {
    expect((await api.get(`/api/jobs/list.json/?project=${project}`)).status).toBe(200);
  });
});

describe('browsers', () => {
  it.each([
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
    ['a foreign origin', { origin: 'http://evil.test' }],
    ['an opaque origin', { origin: 'null' }],
    ['the same host on another port', { origin: 'http://127.0.0.1:1' }],
  ])('refuses %s', async (_, headers: Record<string, string>) => {
    const answer = await api.post('/api/run.json', `project=${project}&spider=a`).set(headers);
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect((await api.get(listPath())).body.total).toBe(0);
  });

  it("serves its own pages' requests", async () => {
    const { port } = api.server.address() as AddressInfo;
    const own = {
      origin: `http://127.0.0.1:${port}`,
      host: `127.0.0.1:${port}`,
      'sec-fetch-site': 'same-origin',
    };
    expect((await api.get(listPath()).set(own)).status).toBe(200);
  });

  it.each(['evil.test', 'evil.test:80', '127.0.0.1.evil.test', '192.168.0.1'])(
    'refuses the host name %s',
    async (host) => {
      expect((await api.get(listPath()).set('host', host)).status).toBe(421);
    },
  );

  it.each(['localhost', 'LOCALHOST:8000', '127.0.0.1', '[::1]:8000'])(
    'serves the host name %s',
    async (host) => {
      expect((await api.get(listPath()).set('host', host)).status).toBe(200);
    },
  );

  it('gives no hint of what it runs on, and forbids guessing of types', async () => {
    const { headers } = await api.get(listPath());
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('request ids', () => {
  it('keeps a harmless one', async () => {
    expect((await api.get(listPath()).set('x-request-id', 'a.b-c_1')).headers['x-request-id']).toBe(
      'a.b-c_1',
    );
  });

  it.each(['x'.repeat(65), 'a b', 'a"b', '<x>'])('replaces %s', async (id) => {
    const { headers } = await api.get(listPath()).set('x-request-id', id);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('bodies', () => {
  const path = '/api/run.json';
  const form = () => `project=${project}&spider=a`;
  const send = (type: string | null, body: string | Buffer, headers: Record<string, string> = {}) => {
    const test = supertest(api.server).post(path).auth(api.team.key, '').set(headers);
    if (type !== null) test.set('content-type', type);
    // Bytes as they are.
    return test.serialize((value) => value).send(body as string);
  };
  const FORM = 'application/x-www-form-urlencoded';

  const PART = '--x\r\nContent-Disposition: form-data; name="project"\r\n\r\n=1\r\n--x--\r\n';
  const FILE = PART.replace('name="project"', 'name="project"; filename="p.txt"');

  it.each(['multipart', 'text/plain;charset=UTF-8', null])(
    'reads a form that is called %s, and a name that comes twice',
    async (type) => {
      const tags = [...Array(3).keys()].map((n) => `t${n}`);
      if (type === 'multipart') {
        const test = supertest(api.server).post(path).auth(api.team.key, '');
        for (const tag of tags) test.field('add_tag', tag);
        const answer = await test.field('project', String(project)).field('spider', 'a').field('x', 'ü&=\n');
        expect(answer.status).toBe(200);
      } else {
        const body = `${form()}&x=%C3%BC%26%3D%0A${tags.map((tag) => `&add_tag=${tag}`).join('')}`;
        expect((await send(type, Buffer.from(body))).status).toBe(200);
      }
      const [job] = (await api.get(listPath())).body.jobs;
      expect(job).toMatchObject({ spider: 'a', tags, spider_args: { x: 'ü&=\n' } });
    },
  );

  it.each(['text/plain', null])('reads JSON that is called %s', async (type) => {
    const body = JSON.stringify({ project, spider: 'a' });
    expect((await send(type, Buffer.from(body))).status).toBe(200);
  });

  it('reads parameters in the query of a POST, and believes the form where both have one', async () => {
    const { key } = api.team;
    const all = await api.post(`${path}?${form()}&x=1&apikey=${key}`, '', null);
    expect(all.body).toMatchObject({ status: 'ok' });
    expect((await api.post(`${path}?project=1&x=1`, `${form()}&x=2`)).body).toMatchObject({ status: 'ok' });
    const { jobs } = (await api.get(listPath())).body;
    expect(jobs.map((job: { spider_args: unknown }) => job.spider_args)).toEqual([{ x: '2' }, { x: '1' }]);
  });

  it.each([
    ['a charset', `${FORM}; charset=UTF-8`],
    ['another case', 'Application/X-WWW-Form-Urlencoded;charset="utf-8"'],
  ])('reads a form with %s', async (_, type) => {
    expect((await send(type, form())).status).toBe(200);
  });

  it('reads gzip', async () => {
    expect((await send(FORM, gzipSync(form()), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await send(FORM, `${form()}&x=1`, { 'content-encoding': 'identity' })).status).toBe(200);
  });

  it.each([
    ['another media type', 415, 'application/xml', 'x', {}],
    ['multipart without a boundary', 400, 'multipart/form-data', '--x--', {}],
    ['cut multipart', 400, 'multipart/form-data; boundary=x', PART.slice(0, -4), {}],
    ['a cut file in multipart', 400, 'multipart/form-data; boundary=x', FILE.slice(0, -4), {}],
    ['a file in multipart', 400, 'multipart/form-data; boundary=x', FILE, {}],
    ['NUL in multipart', 400, 'multipart/form-data; boundary=x', PART.replace('=1', '\0'), {}],
    ['another charset', 415, `${FORM}; charset=utf-16`, 'x=1', {}],
    ['another encoding', 415, FORM, 'x=1', { 'content-encoding': 'br' }],
    ['two encodings', 415, FORM, 'x=1', { 'content-encoding': 'gzip, gzip' }],
    ['broken gzip', 400, FORM, 'x=1', { 'content-encoding': 'gzip' }],
    ['cut gzip', 400, FORM, gzipSync('x=1'.repeat(1000)).subarray(0, 20), { 'content-encoding': 'gzip' }],
    ['a gzip bomb', 413, FORM, gzipSync(Buffer.alloc(50 * 1024 * 1024)), { 'content-encoding': 'gzip' }],
    ['3 MiB', 413, FORM, Buffer.alloc(3 * 1024 * 1024, 97), {}],
    ['20,000 parameters', 413, FORM, 'a=1&'.repeat(20_000), {}],
    ['bytes that are not UTF-8', 400, FORM, Buffer.from([0x61, 0x3d, 0xff]), {}],
    ['JSON that is none', 400, 'application/json', '{"project":', {}],
    ['JSON with a byte order mark', 400, 'application/json', '\ufeff{}', {}],
    ['JSON with something behind it', 400, 'application/json', '{} x', {}],
    ['a JSON list', 400, 'application/json', '[]', {}],
    ['JSON null', 400, 'application/json', 'null', {}],
    ['an object in JSON', 400, 'application/json', '{"project":{"$ne":1}}', {}],
    ['true in JSON', 400, 'application/json', '{"priority":true}', {}],
    ['a huge number in JSON', 400, 'application/json', '{"x":1e999}', {}],
    ['NUL in JSON', 400, 'application/json', '{"x":"\\u0000"}', {}],
    [
      '100,000 nested lists',
      400,
      'application/json',
      `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      {},
    ],
  ])('refuses %s', async (_, status, type, body, headers: Record<string, string>) => {
    const answer = await send(type, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ status: 'error', message: expect.any(String) });
    expect(answer.text).not.toMatch(/\bat .*:\d+:\d+|node_modules|select /);
    expect((await api.get('/healthz', null)).status).toBe(200);
  });

  it('takes a body without end for what it is, and goes on serving', async () => {
    const { port } = api.server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { authorization: basicOf(api.team.key), 'content-type': FORM },
      body: new ReadableStream({
        pull: (controller) => controller.enqueue(Buffer.alloc(64 * 1024, 97)),
      }),
      duplex: 'half',
    } as RequestInit).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(answer);
    expect((await api.get('/healthz', null)).status).toBe(200);
  });
});

function basicOf(key: string): string {
  return `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
}

describe('failures of our own', () => {
  it('stop too many wrong keys from one address, but no key that is good', async () => {
    const strict = await startApi({ app: { authFailuresPerMinute: 1 } });
    try {
      const path = '/api/scrapyd/listprojects.json';
      expect((await strict.get(path)).status).toBe(200);
      for (let i = 0; i < 10; i++) expect((await strict.get(path, `wrong${i}`)).status).toBe(401);
      const refused = await strict.get(path, 'wrong').set('x-forwarded-for', '9.9.9.9');
      expect(refused.status).toBe(429);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.body.status).toBe('error');
      expect((await strict.get(path)).status).toBe(200);
      expect((await strict.get(path, strict.other.key)).status).toBe(200);
      expect((await strict.get(path, '0'.repeat(32))).status).toBe(429);
    } finally {
      await strict.close();
    }
  });

  it('say 503 and Retry-After when the database is away, and 500 without details for a bug', async () => {
    const broken = await startApi();
    try {
      const path = `/api/jobs/list.json?project=${broken.team.project}`;
      jest.spyOn(broken.jobs, 'page').mockRejectedValueOnce(serviceErrors.unavailable('the database'));
      const away = await broken.get(path);
      expect(away.status).toBe(503);
      expect(Number(away.headers['retry-after'])).toBeGreaterThan(0);
      jest.spyOn(broken.jobs, 'page').mockRejectedValueOnce(new Error('select secret from /home/x'));
      const bug = await broken.get(path);
      expect(bug.status).toBe(500);
      expect(bug.body).toEqual({ status: 'error', message: 'internal error' });
      const logged = broken.logs.map((line) => JSON.parse(line)).find(({ level }) => level === 50);
      expect(logged).toMatchObject({ requestId: bug.headers['x-request-id'], msg: 'request failed' });
      expect(logged.err.stack).toContain('select secret');
    } finally {
      await broken.close();
    }
  });
});
