import { hashApiKey, newApiKey, newSecretKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';
import { makeTeam, type Team } from '../../support/team.ts';

let service: Service;
let project: number;
let other: Team;
let colleague: string;
let job: string;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['site'], env: { SECRETS_KEY: newSecretKey() } });
  project = service.team.project;
  const { database } = service.db;
  other = await makeTeam(database, 'other', ['site']);
  await database('projects').update({ paused: true });
  const admin = createAdminStore(database);
  await admin.createUser('colleague');
  await admin.addMember('acme', 'colleague');
  colleague = newApiKey();
  await admin.createKey({
    hash: hashApiKey(colleague),
    hint: 'c',
    user: 'colleague',
    project: null,
    staff: false,
  });
  const answer = await call('/api/run.json', { project: String(project), spider: 'site' });
  job = ((await answer.json()) as { jobid: string }).jobid;
});
afterAll(() => service?.stop());

type Fields = Record<string, string | Blob>;

function call(
  path: string,
  fields?: Fields,
  method = fields ? 'POST' : 'GET',
  key = service.team.key,
): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const request: RequestInit = { method, headers: { authorization }, body: fields ? bodyOf(fields) : null };
  return fetch(`${service.url}${path}`, request);
}

function bodyOf(fields: Fields): FormData | URLSearchParams {
  const isMultipart = Object.values(fields).some((value) => value instanceof Blob);
  const body = isMultipart ? new FormData() : new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) body.set(name, value as string);
  return body;
}

async function answerOf(
  path: string,
  fields?: Fields,
  method?: string,
  key?: string,
): Promise<[number, unknown]> {
  const answer = await call(path, fields, method, key);
  return [answer.status, await answer.json()];
}

const error = (status: number, message: string | RegExp = /./) => [
  status,
  { status: 'error', message: expect.stringMatching(message) },
];

describe('eggs', () => {
  /** A ZIP file without entries. */
  const egg = () => new Blob(['PK\x05\x06', new Uint8Array(18)]);
  const fields = (more: Fields = {}) => ({
    project: String(project),
    name: 'lib',
    version: '1',
    egg: egg(),
    ...more,
  });

  it('are kept, replaced and removed', async () => {
    expect(await answerOf('/api/eggs/add.json', fields())).toEqual([
      200,
      { status: 'ok', egg: { name: 'lib', version: '1' } },
    ]);
    await call('/api/eggs/add.json', fields({ version: '2' }));
    expect(await answerOf(`/api/eggs/list.json?project=${project}`)).toEqual([
      200,
      { status: 'ok', eggs: [{ name: 'lib', version: '2' }] },
    ]);
    expect(await answerOf('/api/eggs/delete.json', { project: String(project), name: 'lib' })).toEqual([
      200,
      { status: 'ok' },
    ]);
    expect(await answerOf('/api/eggs/delete.json', { project: String(project), name: 'lib' })).toEqual(
      error(404),
    );
  });

  it.each<[string, () => Fields, number]>([
    ['no name', () => fields({ name: '' }), 400],
    ['a name that leads out of a directory', () => fields({ name: '../lib' }), 400],
    ['a name with a separator', () => fields({ name: 'a/b' }), 400],
    ['no egg', () => ({ project: String(project), name: 'lib', version: '1', x: egg() }), 400],
    ["another team's project", () => fields({ project: String(other.project) }), 404],
  ])('are refused with %s', async (_what, wrong, status) => {
    expect(await answerOf('/api/eggs/add.json', wrong())).toEqual(error(status));
  });

  it.each([
    ['text', ['this is no archive']],
    ['nothing', []],
    ['the beginning of a ZIP file', ['PK\x03\x04', new Uint8Array(100)]],
  ])('are refused when they are %s, since each later deploy would fail', async (_what, parts) => {
    const wrong = fields({ name: 'broken', egg: new Blob(parts) });
    expect(await answerOf('/api/eggs/add.json', wrong)).toEqual(error(400, /^egg: not a ZIP file/));
    const kept = (await call(`/api/eggs/list.json?project=${project}`)).json();
    expect(await kept).toEqual({ status: 'ok', eggs: [] });
  });

  it('are out of reach of others, in the way that shub understands', async () => {
    expect((await call('/api/eggs/add.json', fields(), 'POST', 'wrong')).status).toBe(403);
    expect((await call(`/api/eggs/bundle.zip?project=${project}`, undefined, 'GET', 'wrong')).status).toBe(
      403,
    );
    for (const path of ['eggs/list.json', 'eggs/bundle.zip', 'migrate-eggs.zip', 'settings/get.json']) {
      expect((await call(`/api/${path}?project=${other.project}`)).status).toBe(404);
    }
  });
});

describe('releases', () => {
  const form = (more: Fields = {}) => ({
    project: String(project),
    version: 'v1',
    image_url: 'registry.example/image:v1',
    project_type: 'scrapy',
    spiders: 'imaged,other',
    scripts: 'a.py',
    pull_auth_config: '{"username":"me","password":"secret"}',
    ...more,
  });

  it('are answered with an address whose status anybody may ask who knows it', async () => {
    const answer = await call('/api/releases/deploy.json', form());
    const location = answer.headers.get('location') ?? '';
    expect(location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/releases\/status\/[0-9a-f-]{36}\.json$/);
    const status = await fetch(location);
    expect(await status.json()).toEqual({ status: 'ok', project, version: 'v1', spiders: 3 });
    expect((await fetch(location.replace(/[0-9a-f]{12}\.json$/, '000000000000.json'))).status).toBe(404);
    const [spiders] = [
      await answerOf(`/api/spiders/list.json?project=${project}&spider=imaged&spider=py:a.py`),
    ];
    expect(spiders[1]).toMatchObject({ spiders: [{ id: 'imaged' }, { id: 'py:a.py' }] });
  });

  it('keep no password', async () => {
    await call('/api/releases/deploy.json', form());
    const { rows } = await service.db.database.raw(
      "select count(*)::int as count from releases r where r::text like '%secret%'",
    );
    expect(rows).toEqual([{ count: 0 }]);
    const kept = await service.db
      .database('variables')
      .where({ project_id: project, name: 'registry.example' });
    expect(kept).toEqual([expect.objectContaining({ value: null, sealed: expect.any(Buffer) })]);
    expect(kept[0].sealed.toString('latin1')).not.toContain('secret');
  });

  it.each<[string, Fields, number]>([
    ['no image', { image_url: '' }, 400],
    ['an unknown type', { project_type: 'php' }, 400],
    ['an option of an engine', { image_url: '--privileged' }, 400],
    ['a login without a name', { pull_auth_config: '{"password":"x"}' }, 400],
    ['a login that is no JSON', { pull_auth_config: 'me:secret' }, 400],
    ["another team's project", { project: '999999' }, 404],
  ])('are refused with %s', async (_what, more, status) => {
    expect(await answerOf('/api/releases/deploy.json', form(more))).toEqual(error(status));
  });
});

describe('reports', () => {
  const fields = (more: Fields = {}) => ({
    project: String(project),
    job,
    key: 'k',
    content: new Blob(['text']),
    ...more,
  });

  it('are kept', async () => {
    expect(await answerOf('/api/reports/add.json', fields())).toEqual([200, { status: 'ok' }]);
  });

  it.each<[string, () => Fields, number]>([
    ['no key', () => fields({ key: '' }), 400],
    ['no content', () => ({ project: String(project), job, key: 'k', other: new Blob(['x']) }), 400],
    ['a job that is not there', () => fields({ job: `${project}/1/99999` }), 404],
    ['a job of another project', () => fields({ job: `${other.project}/1/1` }), 404],
    ["another team's project", () => fields({ project: String(other.project) }), 404],
  ])('are refused with %s', async (_what, wrong, status) => {
    expect(await answerOf('/api/reports/add.json', wrong())).toEqual(error(status));
  });
});

describe('comments', () => {
  it('are changed and archived by their authors only', async () => {
    const [, comment] = (await answerOf(`/api/comments/${job}/0/title`, { text: 'mine' })) as [
      number,
      { id: number },
    ];
    const path = `/api/comments/${comment.id}`;
    expect(await answerOf(path, { text: 'x' }, 'PUT', colleague)).toEqual(error(403));
    expect((await call(path, undefined, 'DELETE', colleague)).status).toBe(403);
    expect(await answerOf(path, { text: 'x' }, 'PUT', other.key)).toEqual(
      error(404, `comment ${comment.id} not found`),
    );
    const [, list] = (await answerOf(`/api/comments/${job}/0/title`, undefined, 'GET', colleague)) as [
      number,
      unknown[],
    ];
    expect(list).toEqual([expect.objectContaining({ text: 'mine', editable: false, archived: null })]);
    expect((await call(path, undefined, 'DELETE')).status).toBe(200);
    expect(await answerOf(path, { text: 'x' }, 'PUT')).toEqual(error(403));
  });

  it('of an item are archived with those of its fields', async () => {
    await call(`/api/comments/${job}/7`, { text: 'a' });
    await call(`/api/comments/${job}/7/title`, { text: 'b' });
    await call(`/api/comments/${job}/8`, { text: 'c' });
    expect((await call(`/api/comments/${job}/7`, undefined, 'DELETE')).status).toBe(200);
    expect(Object.keys((await answerOf(`/api/comments/${job}`))[1] as object)).toEqual(['8']);
    expect((await answerOf(`/api/comments/${project}/stats`))[1]).toEqual({ [job]: 1 });
  });

  it.each(['99999/0', '1/99999/0'])('on what is not there are refused: %s', async (tail) => {
    const path = tail.startsWith('1/') ? `${project}/${tail}` : `${project}/1/${tail}`;
    expect((await call(`/api/comments/${path}`, { text: 'x' })).status).toBe(404);
  });

  it('of other teams are out of reach', async () => {
    for (const path of [`${other.project}/1/1`, `${other.project}/1/1/0`, `${other.project}/stats`]) {
      expect(await answerOf(`/api/comments/${path}`)).toEqual(error(404));
    }
  });
});

describe('spiders', () => {
  it('of other teams are out of reach', async () => {
    expect(await answerOf(`/api/v2/projects/${other.project}/spiders/1`)).toEqual(error(404));
    expect(await answerOf(`/api/v2/projects/${project}/spiders/999`)).toEqual(
      error(404, 'spider: 999 not found'),
    );
  });

  it.each([
    ['{"add":[1]}', 'add: expected a list of texts'],
    ['{"add":null}', 'add: expected a list of texts'],
    ['{"remove":{"a":"b"}}', 'remove: expected a list of texts'],
    ['{"add":["\\ud800"]}', 'tags: unpaired surrogates are not allowed'],
  ])('say what is wrong with tags: %s', async (body, why) => {
    const authorization = `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`;
    const answer = await fetch(`${service.url}/api/v2/projects/${project}/spiders/1/tags`, {
      method: 'PATCH',
      headers: { authorization },
      body,
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(why)]);
  });

  it('have numbers', async () => {
    const [status, body] = await answerOf(`/api/v2/projects/${project}/spiders/x`);
    expect([status, JSON.stringify(body)]).toEqual([
      400,
      expect.stringContaining("spider: expected a spider's number"),
    ]);
  });
});
