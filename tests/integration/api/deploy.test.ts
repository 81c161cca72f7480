import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { requestErrors } from '@spiderhub/core';
import { createVersionStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import supertest from 'supertest';
import { MAX_EGG_BYTES } from '../../../apps/api/src/http/upload.ts';
import { type ApiUnderTest, startApi } from './support.ts';

const PATH = '/api/scrapyd/addversion.json';
const EGG = Buffer.from('an egg');

let api: ApiUnderTest;
let project: string;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.renew();
  api.inspect.mockClear();
  project = String(api.team.project);
});
// They may go after the answer.
afterEach(() => eventually(() => expect(leftovers()).toEqual([])));
afterAll(() => api.close());

function leftovers(): string[] {
  return existsSync(api.uploadDir) ? readdirSync(api.uploadDir) : [];
}
const deploy = (key: string | null = api.team.key) => {
  const test = supertest(api.server).post(PATH);
  return key === null ? test : test.auth(key, '');
};
const lastLine = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');

it('deploys an egg, tells how it goes, and says the verdict in the last line', async () => {
  api.inspect.mockImplementationOnce(async (egg, log) => {
    expect(readFileSync(egg.eggPath)).toEqual(EGG);
    expect(egg.extraEggPaths.map((path) => readFileSync(path, 'utf8'))).toEqual(['one', 'two']);
    expect(egg.requirements).toBe('itemadapter==0.9\n');
    log('Listing spiders');
    return { settingsModule: 'demo.settings', spiders: ['quotes', 'books'], scripts: [] };
  });
  const answer = await deploy()
    .field('project', project)
    .field('version', 'v1-feature/x')
    .field('stack', 'scrapy:2.11')
    .attach('eggs', Buffer.from('one'), '../../one.egg')
    .attach('eggs', Buffer.from('two'), 'two.egg')
    .attach('requirements', Buffer.from('itemadapter==0.9\n'), 'requirements.txt')
    .attach('egg', EGG, '/etc/x.egg');
  expect(answer.status).toBe(200);
  expect(answer.text.split('\n')[0]).toBe('Listing spiders');
  expect(lastLine(answer.text)).toEqual({
    status: 'ok',
    project: Number(project),
    version: 'v1-feature/x',
    spiders: 2,
  });
  const version = await createVersionStore(api.database.database).find(Number(project), 'v1-feature/x');
  expect(version).toMatchObject({
    stack: 'scrapy:2.11',
    requirements: 'itemadapter==0.9\n',
    spiders: ['quotes', 'books'],
  });
  expect((await api.post('/api/run.json', `project=${project}&spider=books`)).status).toBe(200);
});

it('takes requirements as a plain field', async () => {
  await deploy()
    .field('project', project)
    .field('version', '1')
    .field('requirements', 'a==1')
    .attach('egg', EGG, 'x.egg');
  expect(api.inspect.mock.calls[0]?.[0].requirements).toBe('a==1');
});

it('sends each line when it is said, not at the end', async () => {
  let release = () => {};
  api.inspect.mockImplementationOnce(async (_egg, log) => {
    log('first');
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return { settingsModule: 's', spiders: [], scripts: [] };
  });
  const form = new FormData();
  form.set('project', project);
  form.set('version', '1');
  form.set('egg', new Blob([EGG]), 'x.egg');
  const { port } = api.server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}?apikey=${api.team.key}`, {
    method: 'POST',
    body: form,
  });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe('first\n');
  release();
  expect(lastLine((await reader?.read())?.value ?? '')).toMatchObject({ status: 'ok' });
});

it('ends with a verdict that says what is wrong with an egg, and changes nothing', async () => {
  api.inspect.mockImplementationOnce(async (_egg, log) => {
    log('Traceback');
    throw requestErrors.invalid('egg', 'no scrapy settings entry point');
  });
  const answer = await deploy().field('project', project).field('version', '9').attach('egg', EGG, 'x.egg');
  expect(lastLine(answer.text)).toEqual({ status: 'error', message: 'egg: no scrapy settings entry point' });
  expect(await createVersionStore(api.database.database).find(Number(project), '9')).toBeNull();
});

it('keeps its own troubles to itself', async () => {
  api.inspect.mockRejectedValueOnce(new Error('ENOENT /secret/path'));
  const answer = await deploy().field('project', project).field('version', '9').attach('egg', EGG, 'x.egg');
  expect(answer.text).toBe('{"status":"error","message":"internal error"}\n');
  expect(api.logs.join('')).toContain('/secret/path');
});

it('answers 403 to a key that is not valid, as shub expects', async () => {
  for (const key of [null, 'wrong']) {
    const answer = await deploy(key).field('project', project).attach('egg', EGG, 'x.egg');
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ status: 'error', message: 'Authentication failed' });
  }
});

it('refuses a foreign project like one that does not exist', async () => {
  const send = (id: number) =>
    deploy().field('project', String(id)).field('version', '1').attach('egg', EGG, 'x.egg');
  const foreign = await send(api.other.project);
  expect(foreign.status).toBe(404);
  expect(foreign.text.replace(String(api.other.project), 'N')).toBe(
    (await send(987654)).text.replace('987654', 'N'),
  );
});

describe('refuses', () => {
  type Form = [name: string, value: string | Buffer][];
  const good: Form = [
    ['project', 'P'],
    ['version', '1'],
    ['egg', EGG],
  ];
  const without = (name: string) => good.filter(([field]) => field !== name);
  it.each<[string, Form, string]>([
    ['no project', without('project'), 'project: is required'],
    ['a project that is no number', [...without('project'), ['project', '../../etc']], 'project: expected'],
    ['two projects', [...good, ['project', '2']], 'project: is given more than once'],
    ['no version', without('version'), 'version: is required'],
    ['an empty version', [...without('version'), ['version', '']], 'version: expected'],
    ['a version with a line end', [...without('version'), ['version', '1\n2']], 'version: expected'],
    ['no egg', without('egg'), 'egg: is required'],
    ['an egg that is no file', [...without('egg'), ['egg', 'text']], 'egg: is required'],
    ['two eggs', [...good, ['egg', EGG]], 'egg: is given more than once'],
    [
      'two requirements',
      [...good, ['requirements', EGG], ['requirements', EGG]],
      'requirements: is given more than once',
    ],
    [
      'requirements that are no text',
      [...good, ['requirements', Buffer.from([0xff])]],
      'requirements: expected a text',
    ],
    ['a field with NUL', [...good, ['stack', 'a\0b']], 'stack: NUL'],
    ['a huge field', [...good, ['stack', 'x'.repeat(70_000)]], 'stack: is larger'],
    [
      'many fields',
      [...good, ...Array.from({ length: 100 }, (_, i): [string, string] => [`f${i}`, ''])],
      'body: more than',
    ],
    [
      'many files',
      [...good, ...Array.from({ length: 150 }, (): [string, Buffer] => ['eggs', EGG])],
      'body: more than',
    ],
  ])('%s', async (_, form, message) => {
    const test = deploy();
    for (const [name, value] of form) {
      if (typeof value === 'string') test.field(name, value === 'P' ? project : value);
      else test.attach(name, value, 'x.egg');
    }
    const answer = await test;
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ status: 'error', message: expect.stringContaining(message) });
    expect(api.inspect).not.toHaveBeenCalled();
  });

  it.each([
    ['a body that is no multipart', 415, 'application/x-www-form-urlencoded', 'project=1'],
    ['no boundary', 400, 'multipart/form-data', 'x'],
    [
      'a form that is never closed',
      400,
      'multipart/form-data; boundary=B',
      '--B\r\nContent-Disposition: form-data; name="egg"; filename="x"\r\n\r\nabc',
    ],
    [
      'a part without end of its headers',
      400,
      'multipart/form-data; boundary=B',
      `--B\r\nContent-Disposition: ${'x'.repeat(100_000)}`,
    ],
    ['an empty body', 400, 'multipart/form-data; boundary=B', ''],
    [
      'an empty field name',
      400,
      'multipart/form-data; boundary=B',
      '--B\r\nContent-Disposition: form-data; name=""\r\n\r\nx\r\n--B--\r\n',
    ],
  ])('%s', async (_, status, type, body) => {
    const answer = await deploy()
      .set('content-type', type)
      .serialize((value) => value)
      .send(body);
    expect(answer.status).toBe(status);
    expect(answer.body.status).toBe('error');
  });

  it.each([1, 1024 * 1024])('more than 50 MiB by %d bytes', async (more) => {
    const answer = await deploy()
      .field('project', project)
      .field('version', '1')
      .attach('egg', Buffer.alloc(MAX_EGG_BYTES + more), 'x.egg');
    expect(answer.status).toBe(413);
    expect(answer.body.status).toBe('error');
    expect(api.inspect).not.toHaveBeenCalled();
  });

  it('a body that claims to be small', async () => {
    const { port } = api.server.address() as AddressInfo;
    const chunk = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const answer = await fetch(`http://127.0.0.1:${port}${PATH}?apikey=${api.team.key}`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=B' },
      body: new ReadableStream({
        pull(controller) {
          if (sent === 0) {
            controller.enqueue(
              Buffer.from('--B\r\nContent-Disposition: form-data; name="egg"; filename="x"\r\n\r\n'),
            );
          }
          sent += 1;
          if (sent > 55) controller.close();
          else controller.enqueue(chunk);
        },
      }),
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(413);
    await eventually(() => expect(leftovers()).toEqual([]));
  });
});

it('takes an egg of 50 MiB', async () => {
  const egg = Buffer.alloc(MAX_EGG_BYTES);
  const answer = await deploy().field('project', project).field('version', '1').attach('egg', egg, 'x.egg');
  expect(lastLine(answer.text)).toMatchObject({ status: 'ok' });
});

it('leaves nothing behind when the sender hangs up in the middle', async () => {
  const { port } = api.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const key = Buffer.from(`${api.team.key}:`).toString('base64');
  socket.write(
    `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic ${key}\r\nContent-Length: 100000\r\n` +
      'Content-Type: multipart/form-data; boundary=B\r\n\r\n' +
      '--B\r\nContent-Disposition: form-data; name="egg"; filename="x"\r\n\r\nabc',
  );
  await eventually(() => expect(leftovers()).toHaveLength(1));
  socket.destroy();
  await eventually(() => expect(leftovers()).toEqual([]));
  expect((await api.get('/healthz', null)).status).toBe(200);
});

it('finishes a deploy whose sender does not wait for the end', async () => {
  let release = () => {};
  api.inspect.mockImplementationOnce(async (_egg, log) => {
    log('first');
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    log('second');
    return { settingsModule: 's', spiders: [], scripts: [] };
  });
  const form = new FormData();
  form.set('project', project);
  form.set('version', 'gone');
  form.set('egg', new Blob([EGG]), 'x.egg');
  const { port } = api.server.address() as AddressInfo;
  const stop = new AbortController();
  const url = `http://127.0.0.1:${port}${PATH}?apikey=${api.team.key}`;
  const answer = await fetch(url, { method: 'POST', body: form, signal: stop.signal });
  await answer.body?.getReader().read();
  stop.abort();
  release();
  const versions = createVersionStore(api.database.database);
  await eventually(async () => expect(await versions.find(Number(project), 'gone')).not.toBeNull());
  await eventually(() => expect(leftovers()).toEqual([]));
});
