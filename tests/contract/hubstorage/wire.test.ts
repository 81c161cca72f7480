import { gunzipSync, gzipSync } from 'node:zlib';
import { wireStage } from './wire-stage.ts';

const stage = wireStage();
const { call, post, push, jobWith, text } = stage;

describe('a write', () => {
  it('is acknowledged with an empty body', async () => {
    const { key } = await push();
    const answer = await post(`/items/${key}?start=0`, '{"a":1}\n');
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/plain; charset=UTF-8',
      '',
    ]);
  });

  it('is understood whatever its media type says', async () => {
    const { key } = await push();
    for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text/plain', 'nonsense']) {
      expect((await post(`/items/${key}`, '{"a":1}', { 'content-type': type })).status).toBe(200);
    }
    expect(await text(`/items/${key}`)).toBe('{"a":1}\n'.repeat(4));
  });

  it('goes to the end without a start, and where Content-Range says', async () => {
    const key = await jobWith(['{"n":0}', '{"n":1}']);
    await post(`/items/${key}`, '{"n":2}');
    await post(`/items/${key}`, '{"n":"one"}', { 'content-range': 'items 1-/*' });
    expect(await text(`/items/${key}`)).toBe('{"n":0}\n{"n":"one"}\n{"n":2}\n');
  });

  it.each([
    ['gzip', gzipSync('{"a":1}\n{"a":2}\n')],
    ['identity', Buffer.from('{"a":1}\n{"a":2}')],
    ['', Buffer.from('{"a":1}\r\n\r\n{"a":2}\r\n')],
  ])('may be encoded as %j', async (encoding, body) => {
    const { key } = await push();
    expect((await post(`/items/${key}`, body, { 'content-encoding': encoding })).status).toBe(200);
    expect(await text(`/items/${key}`)).toBe('{"a":1}\n{"a":2}\n');
  });

  it.each([
    ['no JSON object', '/items', 'x', {}, 400],
    ['a record of more than 1 MiB', '/logs', `{"message":"${'x'.repeat(1024 * 1024)}"}`, {}, 413],
    ['an item of more than 16 MiB', '/items', `{"a":"${'x'.repeat(16 * 1024 * 1024)}"}`, {}, 413],
    ['a broken encoding', '/items', 'x', { 'content-encoding': 'gzip' }, 400],
    ['an unknown encoding', '/items', '{}', { 'content-encoding': 'br' }, 415],
  ])('with %s is refused', async (_what, stream, body, headers, status) => {
    const { key } = await push();
    expect((await post(`${stream}/${key}`, body, headers as Record<string, string>)).status).toBe(status);
  });

  it('may hold items of up to 16 MiB, and says which one was too large', async () => {
    const { key } = await push();
    const item = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const most = 16 * 1024 * 1024;
    expect((await post(`/items/${key}`, item(most))).status).toBe(200);
    expect(await text(`/items/${key}`)).toHaveLength(most + 1);
    const answer = await post(`/items/${key}`, `{"a":1}\n${item(most + 1)}\n`);
    expect([answer.status, await answer.text()]).toEqual([
      413,
      expect.stringContaining(`max ${most} bytes (record of items 1 of the request has ${most + 1})`),
    ]);
  });

  it('of a start that is no number is refused, and an empty body is fine', async () => {
    const { key } = await push();
    expect((await post(`/items/${key}?start=x`, '{}')).status).toBe(400);
    expect((await post(`/items/${key}?start=5`, '')).status).toBe(200);
    expect((await post(`/items/${key}?start=5`, '', { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await text(`/items/${key}`)).toBe('');
  });

  it('to a deleted job is dropped, to one that never was refused', async () => {
    const { key } = await push();
    await post(`/jobq/${stage.team.project}/update`, JSON.stringify({ key, state: 'deleted' }));
    expect((await post(`/items/${key}?start=0`, '{"a":1}')).status).toBe(200);
    expect(await text(`/items/${key}`)).toBe('');
    expect((await post(`/items/${stage.team.project}/1/99999`, '{"a":1}')).status).toBe(404);
  });
});

describe('a read', () => {
  const LINES = ['{"a":1,"b":"x,y"}', '{"a":NaN,"c":12345678901234567890}', '{"a":"\\ud800"}'];

  it.each([
    ['', {}, 'application/x-jsonlines; charset=UTF-8', `${LINES.join('\n')}\n`],
    ['?format=jl', {}, 'application/x-jsonlines; charset=UTF-8', `${LINES.join('\n')}\n`],
    ['?format=json', {}, 'application/json; charset=UTF-8', `[${LINES.join(',\n')}]`],
    ['', { accept: 'application/json' }, 'application/json; charset=UTF-8', `[${LINES.join(',\n')}]`],
    [
      '?format=csv&fields=a,c&include_headers=1',
      {},
      'text/csv; charset=UTF-8',
      'a,c\n1,\nNaN,12345678901234567890\n�,\n',
    ],
    ['?fields=b&fields=a&count=1', { accept: 'text/csv' }, 'text/csv; charset=UTF-8', '"x,y",1\n'],
    ['?count=1&format=text', {}, 'text/plain; charset=UTF-8', `${LINES[0]}\n`],
    ['?format=json&count=0', {}, 'application/json; charset=UTF-8', '[]'],
    [
      '',
      { accept: 'text/html,application/xml;q=0.9' },
      'application/x-jsonlines; charset=UTF-8',
      `${LINES.join('\n')}\n`,
    ],
  ])('%s %j is %s', async (query, headers, type, body) => {
    const key = await jobWith(LINES);
    const answer = await call(`/items/${key}${query}`, {
      headers: { 'accept-encoding': 'identity', ...headers } as Record<string, string>,
    });
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([type, body]);
  });

  it('may be XML', async () => {
    const key = await jobWith(LINES);
    const body = await text(`/items/${key}?count=1`, { accept: 'application/xml' });
    expect(body).toContain('<member><name>a</name><value><int>1</int></value></member>');
  });

  it('may be kept as a file', async () => {
    const key = await jobWith(LINES);
    const answer = await call(`/items/${key}?saveas=../my items.jl`);
    expect(answer.headers.get('content-disposition')).toBe('Attachment; filename=".._my items.jl"');
  });

  it('of logs as CSV has the columns of logs', async () => {
    const key = await jobWith(['{"time":5,"level":20,"message":"a,b"}'], 'logs');
    expect(await text(`/logs/${key}?format=csv`)).toBe('5,20,"a,b"\n');
  });

  it('gives one record, and one field of it', async () => {
    const key = await jobWith(LINES);
    expect(await text(`/items/${key}/1`)).toBe(`${LINES[1]}\n`);
    expect(await text(`/items/${key}/1/c`)).toBe('12345678901234567890\n');
    expect(await text(`/items/${key}/1/none`)).toBe('');
    expect(await text(`/items/${key}/99`)).toBe('');
    expect(await text(`/items/${key}/99/a`)).toBe('');
  });

  it('as a whole is sent as it is stored, for a client that inflates it', async () => {
    const line = JSON.stringify({ text: 'some words that compress well '.repeat(50) });
    const key = await jobWith(Array.from({ length: 3000 }, () => line));
    const raw = await rawBody(`/items/${key}`, { 'accept-encoding': 'gzip, deflate' });
    expect(raw.encoding).toBe('gzip');
    expect(raw.body.length).toBeLessThan(line.length * 300);
    expect(gunzipSync(raw.body).toString()).toBe(`${line}\n`.repeat(3000));
    for (const query of ['?count=1', '?meta=_key', '?nodata=1&meta=_key', '?startafter=0', '?format=json']) {
      expect((await rawBody(`/items/${key}${query}`, { 'accept-encoding': 'gzip' })).encoding).toBeNull();
    }
    expect((await rawBody(`/items/${key}`, { 'accept-encoding': 'gzip;q=0, identity' })).encoding).toBeNull();
  });

  it('ignores parameters that it does not know', async () => {
    const key = await jobWith(LINES);
    expect(await text(`/items/${key}/0?params=meta&nonsense=1`)).toBe(`${LINES[0]}\n`);
  });

  it.each([
    'format=yaml',
    'count=x',
    'count=-1',
    'start=x/y',
    'startafter=1/2/3',
    'index=x',
    'startts=yesterday',
    'format=csv',
  ])('with %s is refused', async (query) => {
    const key = await jobWith(LINES);
    expect((await call(`/items/${key}?${query}`)).status).toBe(400);
  });

  it('begins at a key of what is read, never at one of something else', async () => {
    const [key, next] = [await jobWith(LINES), await jobWith(LINES)];
    const [project, spider, job] = key.split('/') as [string, string, string];
    const refused = async (path: string, query: string, why: string) => {
      for (const name of ['start', 'startafter']) {
        const answer = await call(`/items/${path}?${name}=${query}`);
        expect([answer.status, await answer.text()]).toEqual([400, `${name}: ${why}\n`]);
      }
    };
    await refused(key, `${next}/0`, 'is a key of another job');
    await refused(key, `${stage.other.project}/${spider}/${job}/0`, 'is a key of another job');
    await refused(
      `${project}/${spider}`,
      `${project}/${Number(spider) + 1}/1/0`,
      'is a key of another spider',
    );
    await refused(project, `${stage.other.project}/${spider}/${job}/0`, 'is a key of another project');
    await refused(project, '5', 'expected project/spider/job/number');
    for (const path of [key, `${project}/${spider}`, project]) {
      const last = `${path === key ? key : next}/1`;
      expect(await text(`/items/${path}?startafter=${last}&meta=_key&nodata=1`)).toBe(
        `{"_key":"${last.replace(/1$/, '2')}"}\n`,
      );
    }
  });
});

async function rawBody(path: string, headers: Record<string, string>) {
  const { request } = await import('node:http');
  const authorization = `Basic ${Buffer.from(`${stage.team.key}:`).toString('base64')}`;
  return new Promise<{ encoding: string | null; body: Buffer }>((resolve, reject) => {
    request(`${stage.service.url}${path}`, { headers: { authorization, ...headers } }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () =>
        resolve({ encoding: res.headers['content-encoding'] ?? null, body: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('every answer', () => {
  it('lies under both addresses, with or without a slash at the end', async () => {
    const key = await jobWith(['{"a":1}']);
    for (const path of [
      `/items/${key}`,
      `/storage/items/${key}`,
      `/items/${key}/`,
      `/storage/items/${key}/`,
    ]) {
      expect(await text(path)).toBe('{"a":1}\n');
    }
    expect((await post(`/storage/items/${key}/?start=1`, '{"a":2}')).status).toBe(200);
    expect(await text(`/items/${key}/?count=1`)).toBe('{"a":1}\n');
  });

  it('may be read by any web page, as far as a key lets it', async () => {
    const key = await jobWith(['{"a":1}']);
    for (const path of [
      `/items/${key}`,
      `/jobq/${stage.team.project}/list`,
      `/items/${key}?count=x`,
      '/system/ts',
    ]) {
      expect((await call(path)).headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('has a head', async () => {
    const key = await jobWith(['{"a":1}']);
    const answer = await call(`/items/${key}`, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect((await call(`/jobs/${key}`, { method: 'HEAD' })).status).toBe(200);
  });

  it('leaves other paths to others', async () => {
    expect((await call('/healthz', { key: null })).status).toBe(200);
    expect((await call('/nothing', { key: null })).status).toBe(404);
    expect((await call('/storage/nothing')).status).toBe(404);
    expect((await call('/itemsx/1/1/1')).status).toBe(404);
  });

  it.each([
    [
      '/jobq/P/list',
      401,
      'application/json',
      '{\n  "error": "Unauthorized",\n  "message": "Unauthorized"\n}',
    ],
    ['/jobs/P/1/1', 401, 'application/json', '{\n  "error": "Unauthorized",\n  "message": "Unauthorized"\n}'],
    ['/items/P/1/1', 401, 'text/plain; charset=UTF-8', 'Unauthorized\n'],
    ['/collections/P/s/x', 401, 'text/plain; charset=UTF-8', 'Unauthorized\n'],
  ])('without a key is %s: %i', async (path, status, type, body) => {
    const answer = await call(path.replace('P', String(stage.team.project)), { key: null });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      status,
      type,
      body,
    ]);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="apikey"');
  });

  it('takes the key as a parameter, too', async () => {
    const answer = await call(`/jobq/${stage.team.project}/count?spider=nobody&apikey=${stage.team.key}`, {
      key: null,
    });
    expect([answer.status, await answer.text()]).toEqual([200, '0\n']);
  });
});

describe('documents that are stored', () => {
  it('on the way of collections are read by key and by value', async () => {
    const path = `/collections/${stage.team.project}/s/wired`;
    await post(path, '{"_key":"a","value":12345678901234567890}\n{"_key":"b","x":NaN}');
    expect(await text(`${path}/a`)).toBe('{"value":12345678901234567890}\n');
    expect(await text(`${path}/a/value`)).toBe('12345678901234567890\n');
    expect(await text(`${path}/scan?meta=_key`)).toBe(
      '{"value":12345678901234567890,"_key":"a"}\n{"x":NaN,"_key":"b"}\n',
    );
    const missing = await call(`${path}/none`);
    expect([missing.status, await missing.text()]).toEqual([404, 'Not Found\n']);
    expect((await call(`${path}/a`, { method: 'DELETE' })).status).toBe(200);
    expect(await text(`${path}/count`)).toBe('{"count":1,"scanned":1}');
    const bad = await post(path, '{"x":1}');
    expect([bad.status, await bad.text()]).toEqual([
      400,
      'Error parsing data, missing value for _key field\n',
    ]);
    const large = await post(path, `{"_key":"l","x":"${'y'.repeat(1024 * 1024)}"}`);
    expect([large.status, await large.text()]).toEqual([
      413,
      'Error parsing data, Serialized value too large - max 1048576 bytes\n',
    ]);
    const renamed = await call(`/collections/${stage.team.project}/rename?name=wired&new_name=rewired`, {
      method: 'POST',
    });
    expect(renamed.status).toBe(202);
    expect(await text(`${path}/count`)).toBe('{"count":0,"scanned":0}');
    const deleted = await call(`/collections/${stage.team.project}/delete?name=rewired`, { method: 'POST' });
    expect([deleted.status, await deleted.json()]).toEqual([202, { status: 'success', deleted: 'rewired' }]);
    expect((await call(`/collections/${stage.team.project}/xs/bad`)).status).toBe(400);
    expect((await call(path, { method: 'DELETE' })).status).toBe(200);
  });

  it('on the way of the frontier answer with what was new', async () => {
    const slot = `/hcf/${stage.team.project}/wired/s/slot`;
    const added = await post(
      `${slot}/?start=0`,
      '{"fp":"/"}\n{"fp":"/2","p":1,"qdata":{"n":NaN},"fdata":{"x":1.0}}',
    );
    expect(await added.json()).toEqual({ newcount: 2 });
    expect(await text(`${slot}/q/`)).toMatch(
      /^\{"id":"\w+","requests":\[\["\/",null\]\]\}\n.*\[\["\/2",\{"n":NaN\}\]\]\}\n$/s,
    );
    expect(await text(`${slot}/q/count`)).toBe('{"count":2}');
    expect(await text(`${slot}/f`)).toBe('{"fp":"/"}\n{"fp":"/2","fdata":{"x":1.0}}\n');
    expect(await text(`${slot}/f?startafter=/&count=1`)).toBe('{"fp":"/2","fdata":{"x":1.0}}\n');
    const empty = await post(slot, '{"fp":"","p":null,"qdata":null,"fdata":null}');
    expect([empty.status, await empty.json()]).toEqual([200, { newcount: 1 }]);
    expect(await text(`${slot}/q?mincount=1`)).toMatch(/\[\["\/",null\]\]/);
    expect(await text(`${slot}/f?count=1`)).toBe('{"fp":""}\n');
    for (const bad of ['{"p":1}', '{"fp":null}', '{"fp":1}', '{"fp":"x","p":"high"}', '[1]']) {
      expect((await post(slot, bad)).status).toBe(400);
    }
    expect((await post(`${slot}/q/deleted`, '{"no":"strings"}')).status).toBe(400);
    expect((await call(slot, { method: 'DELETE' })).status).toBe(200);
    expect(await text(`/hcf/${stage.team.project}/wired/list`)).toBe('[]\n');
  });
});
