import { setTimeout as delay } from 'node:timers/promises';
import { createAdminStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { makeUser, organisationOf, PASSWORD } from './people.ts';

/** How long a process may go on with a key that is over, ms, and a little more. */
const FORGOTTEN_MS = 1050;

let api: ApiUnderTest;
let base: string;
let acme: number;
let project: number;
let owner: Browser;
let round = 0;

beforeAll(async () => {
  api = await startApi({ app: { authFailuresPerMinute: 1_000_000, trustProxy: 'loopback' } });
  const address = api.server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => api.close());

beforeEach(async () => {
  await api.renew();
  round += 1;
  acme = await organisationOf(api, `acme-${round}`);
  ({ project } = api.team);
  owner = await somebody(`owner-${round}`, 'owner');
});

async function somebody(name: string, role: Parameters<typeof makeUser>[3], organisation = `acme-${round}`) {
  await makeUser(api, name, organisation, role);
  const browser = new Browser(api);
  expect((await browser.signIn({ name, password: PASSWORD })).status).toBe(200);
  return browser;
}

async function make(who: Browser, terms: Record<string, unknown> = {}, path = '/me/keys') {
  const answer = await who.send('POST', path, { name: 'mine', ...terms });
  expect([answer.status, answer.body]).toEqual([
    200,
    expect.objectContaining({ apiKey: expect.any(String) }),
  ]);
  return answer.body as { apiKey: string; key: { id: number; [field: string]: unknown } };
}

const projectKeys = () => `/projects/${project}/keys`;

/** The status of a request with a key; scrapyd's words for a refusal come with 200. */
async function ask(key: string, path: string, form?: Record<string, string>, headers = {}) {
  const response = await fetch(`${base}${path}`, {
    headers: { ...withKey(key), ...headers },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, text };
}

/** What a key reads and changes in each of the dialects. */
const reads = () => [
  `/api/jobs/list.json?project=${project}`,
  `/storage/jobq/${project}/count`,
  `/scrapyd/listjobs.json?project=acme-${round}-project`,
  `/console/projects/${project}`,
];
const statuses = (key: string, paths = reads(), headers = {}) =>
  Promise.all(paths.map(async (path) => (await ask(key, path, undefined, headers)).status));

describe('a key of a user', () => {
  it('is shown once, works in all dialects, and is stored as a hash', async () => {
    const { apiKey, key } = await make(owner);
    expect(key).toMatchObject({
      name: 'mine',
      hint: apiKey.slice(0, 10),
      user: { name: `owner-${round}` },
      project: null,
      role: null,
      madeBy: `owner-${round}`,
      isGood: true,
      lastUse: null,
    });
    expect(await statuses(apiKey)).toEqual([200, 200, 200, 200]);
    expect((await ask(apiKey, '/api/run.json', { project: String(project), spider: 'a' })).status).toBe(200);
    const { body } = await owner.get('/me/keys');
    expect(body.keys).toMatchObject([{ id: key.id, name: 'mine' }]);
    const rows = await api.database.database('api_keys').select('*');
    expect(JSON.stringify([body, rows])).not.toContain(apiKey);
    expect(api.logs.join('')).not.toContain(apiKey);
  });

  it('does with its actions alone what its user may, in every dialect', async () => {
    const { apiKey } = await make(owner, { actions: ['jobs.read'] });
    expect(await statuses(apiKey)).toEqual([200, 200, 200, 403]);
    const refused = await ask(apiKey, '/api/run.json', { project: String(project), spider: 'a' });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('not good for jobs.run')]);
    expect((await ask(apiKey, `/storage/jobq/${project}/push`, { spider: 'a' })).status).toBe(403);
    const scrapyd = await ask(apiKey, '/scrapyd/schedule.json', {
      project: `acme-${round}-project`,
      spider: 'a',
    });
    expect(scrapyd.text).toContain('not good for jobs.run');
    expect((await ask(apiKey, `/console/organisations/${acme}`)).status).toBe(403);
    // Whose key it is every key may say: clients look whether one is good.
    expect((await ask(apiKey, '/console/me')).status).toBe(200);
    expect((await ask(apiKey, '/api/v2/users/me')).status).toBe(200);
    const reader = await somebody(`reader-${round}`, 'reader');
    const more = await make(reader, { actions: ['jobs.run', 'jobs.read'] });
    expect((await ask(more.apiKey, '/api/run.json', { project: String(project), spider: 'a' })).status).toBe(
      403,
    );
  });

  it('is good in its projects alone, and as what its user is there', async () => {
    const made = await owner.send('POST', `/organisations/${acme}/projects`, { name: `second-${round}` });
    const second = made.body.id;
    const { apiKey } = await make(owner, { projects: [project] });
    expect(await statuses(apiKey)).toEqual([200, 200, 200, 200]);
    expect(
      await statuses(apiKey, [`/api/jobs/list.json?project=${second}`, `/storage/jobq/${second}/count`]),
    ).toEqual([404, 404]);
    expect((await ask(apiKey, `/console/organisations/${acme}`)).status).toBe(404);
    expect(JSON.parse((await ask(apiKey, '/api/scrapyd/listprojects.json')).text).projects).toEqual([
      project,
    ]);
    expect((await ask(apiKey, '/scrapyd/listprojects.json')).text).not.toContain(`second-${round}`);
    const refused = await owner.send('POST', '/me/keys', { name: 'x', projects: [api.other.project] });
    expect([refused.status, refused.body.error.field]).toEqual([400, 'projects']);
  });

  it('is good from its addresses alone, as far as our proxies are believed', async () => {
    const { apiKey } = await make(owner, { networks: ['10.1.0.0/16', 'fd00::/8'] });
    const from = (address: string) => statuses(apiKey, reads(), { 'x-forwarded-for': address });
    expect(await from('10.1.2.3')).toEqual([200, 200, 200, 200]);
    expect(await from('fd00::7')).toEqual([200, 200, 200, 200]);
    expect(await from('::ffff:10.1.2.3')).toEqual([200, 200, 200, 200]);
    for (const address of ['10.2.0.1', '8.8.8.8', 'fe80::1', 'x'])
      expect([address, await from(address)]).toEqual([address, [401, 401, 401, 401]]);
    // What a client says itself comes before what our proxy adds.
    expect(await from('10.1.2.3, 8.8.8.8')).toEqual([401, 401, 401, 401]);
    expect(await statuses(apiKey)).toEqual([401, 401, 401, 401]);
  });

  it('ends with its time, and with what its user loses', async () => {
    const expiresAt = new Date(Date.now() + 3600_000).toISOString();
    const { apiKey, key } = await make(owner, { expiresAt });
    expect(key.expiresAt).toBe(expiresAt);
    expect(await statuses(apiKey)).toEqual([200, 200, 200, 200]);
    const { database } = api.database;
    await database('api_keys')
      .where({ id: key.id })
      .update({ expires_at: database.raw("now() - interval '1 ms'") });
    const member = await somebody(`member-${round}`, 'developer');
    const lost = await make(member);
    expect((await statuses(lost.apiKey))[0]).toBe(200);
    const { id } = await database('users')
      .where({ name: `member-${round}` })
      .first('id');
    expect((await owner.send('DELETE', `/organisations/${acme}/members/${id}`)).status).toBe(200);
    await delay(FORGOTTEN_MS);
    expect(await statuses(apiKey)).toEqual([401, 401, 401, 401]);
    expect((await statuses(lost.apiKey, [reads()[0] as string]))[0]).toBe(404);
    expect((await owner.get('/me/keys')).body.keys).toMatchObject([{ id: key.id, isGood: false }]);
  });

  it('is made, replaced and revoked by who is signed in, not by another key', async () => {
    const { apiKey, key } = await make(owner);
    const client = new Browser(api, withKey(apiKey));
    expect((await client.get('/me/keys')).status).toBe(200);
    expect((await client.send('POST', '/me/keys', { name: 'more' })).status).toBe(403);
    expect((await client.send('POST', `/me/keys/${key.id}/rotation`, {})).status).toBe(403);
    expect((await client.send('POST', projectKeys(), { name: 'more', role: 'reader' })).status).toBe(403);
    const stranger = await somebody(`stranger-${round}`, 'owner', `globex-${round}`);
    expect((await stranger.send('DELETE', `/me/keys/${key.id}`)).status).toBe(404);
    expect((await stranger.send('POST', `/me/keys/${key.id}/rotation`, {})).status).toBe(404);
    expect((await stranger.get('/me/keys')).body.keys).toEqual([]);
  });

  it('tells when, from where and with what it was used last, and is not written each time', async () => {
    const { apiKey, key } = await make(owner);
    const headers = { 'user-agent': 'my client/1', 'x-forwarded-for': '10.9.8.7' };
    for (let i = 0; i < 20; i += 1) await ask(apiKey, reads()[0] as string, undefined, headers);
    await api.parts.keyUses.flush();
    const use = (await owner.get('/me/keys')).body.keys[0].lastUse;
    expect(use).toEqual({ at: expect.any(String), address: '10.9.8.7', client: 'my client/1' });
    await ask(apiKey, reads()[0] as string);
    await api.parts.keyUses.flush();
    const rows = await api.database
      .database('api_keys')
      .where({ id: key.id })
      .select('last_used_at', 'last_client');
    expect(rows).toEqual([{ last_used_at: new Date(use.at), last_client: 'my client/1' }]);
  });

  it.each([
    ['actions', { actions: ['jobs.fly'] }],
    ['actions', { actions: ['toString'] }],
    ['actions', { actions: [] }],
    ['networks', { networks: ['10.0.0.1/8'] }],
    ['networks', { networks: ['example.com'] }],
    ['expiresAt', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['name', { name: ' ' }],
    ['name', { name: 'x'.repeat(101) }],
    ['projects', { projects: [2 ** 40] }],
  ])('is not made with other %s: %j', async (field, terms) => {
    const answer = await owner.send('POST', '/me/keys', { name: 'x', ...terms });
    expect([answer.status, answer.body.error.field.split('.')[0]]).toEqual([400, field]);
  });

  it('is one of a hundred at most, also when many are made at once', async () => {
    const { database } = api.database;
    const { id } = await database('users')
      .where({ name: `owner-${round}` })
      .first('id');
    await database.raw(
      `insert into api_keys (hash, hint, user_id) select sha256(('${round}-' || n)::bytea), 'x', :id from generate_series(1, 98) n`,
      { id },
    );
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => owner.send('POST', '/me/keys', { name: 'x' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3);
  });
});

describe('a key of a project', () => {
  it('is what it was made as, there alone, and never more than its maker', async () => {
    const admin = await somebody(`admin-${round}`, 'admin');
    const { apiKey, key } = await make(admin, { role: 'operator' }, projectKeys());
    expect(key).toMatchObject({ user: null, project, role: 'operator', madeBy: `admin-${round}` });
    expect(await statuses(apiKey)).toEqual([200, 200, 200, 200]);
    expect((await ask(apiKey, `/api/jobs/list.json?project=${api.other.project}`)).status).toBe(404);
    expect((await ask(apiKey, `/storage/projects/${project}/settings`)).status).toBe(403);
    expect((await admin.send('POST', projectKeys(), { name: 'x', role: 'owner' })).status).toBe(403);
    for (const role of ['developer', 'operator', 'reader'] as const) {
      const who = await somebody(`${role}-${round}`, role);
      expect((await who.send('POST', projectKeys(), { name: 'x', role: 'reader' })).status).toBe(403);
      expect((await who.get(projectKeys())).status).toBe(403);
    }
    const mighty = await make(owner, { role: 'owner' }, projectKeys());
    for (const [method, path] of [
      ['DELETE', ''],
      ['POST', '/rotation'],
    ] as const) {
      const answer = await admin.send(
        method,
        `${projectKeys()}/${mighty.key.id}${path}`,
        method === 'POST' ? {} : undefined,
      );
      expect(answer.status).toBe(403);
    }
    expect((await owner.send('POST', projectKeys(), { name: 'x' })).body.error.field).toBe('role');
  });

  it('is replaced by another one beside it, until it ends', async () => {
    const terms = {
      role: 'operator',
      actions: ['jobs.read', 'projects.list'],
      networks: ['0.0.0.0/0', '::/0'],
    };
    const old = await make(owner, terms, projectKeys());
    const rotate = (body: object) => owner.send('POST', `${projectKeys()}/${old.key.id}/rotation`, body);
    const next = await rotate({ graceSeconds: 3600 });
    expect([next.status, next.body.key]).toEqual([
      200,
      expect.objectContaining({ ...terms, name: 'mine', expiresAt: null }),
    ]);
    expect(await statuses(old.apiKey)).toEqual([200, 200, 200, 200]);
    expect(await statuses(next.body.apiKey)).toEqual([200, 200, 200, 200]);
    expect((await rotate({})).body.error.code).toBe('key_replaced');
    expect((await owner.get(projectKeys())).body.keys).toMatchObject([
      { id: old.key.id, replacedBy: next.body.key.id, isGood: true },
      { id: next.body.key.id, replacedBy: null, expiresAt: null },
    ]);
    const last = await owner.send('POST', `${projectKeys()}/${next.body.key.id}/rotation`, {
      graceSeconds: 0,
    });
    await delay(FORGOTTEN_MS);
    expect(await statuses(next.body.apiKey)).toEqual([401, 401, 401, 401]);
    expect(await statuses(last.body.apiKey)).toEqual([200, 200, 200, 200]);
  });

  it('is gone within a second when it is revoked; a request that was let in goes on to its end', async () => {
    const { apiKey, key } = await make(owner, { role: 'operator' }, projectKeys());
    const { apiKey: other, key: another } = await make(owner, { role: 'operator' }, projectKeys());
    const form = new URLSearchParams({ project: String(project), spider: 'a' }).toString();
    let end = () => {};
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(form.slice(0, 5)));
        end = () => {
          controller.enqueue(Buffer.from(form.slice(5)));
          controller.close();
        };
      },
    });
    const under = fetch(`${base}/api/run.json`, {
      method: 'POST',
      headers: { ...withKey(apiKey), 'content-type': 'application/x-www-form-urlencoded' },
      body,
      duplex: 'half',
    } as RequestInit);
    await eventually(async () => {
      await api.parts.keyUses.flush();
      expect((await owner.get(projectKeys())).body.keys[0].lastUse).not.toBeNull();
    });
    expect((await owner.send('DELETE', `${projectKeys()}/${key.id}`)).body).toMatchObject({ isGood: false });
    await delay(FORGOTTEN_MS);
    expect(await statuses(apiKey)).toEqual([401, 401, 401, 401]);
    expect(await statuses(other)).toEqual([200, 200, 200, 200]);
    end();
    expect((await under).status).toBe(200);
    expect((await owner.send('DELETE', `${projectKeys()}/${key.id}`)).status).toBe(200);
    expect((await owner.send('DELETE', `/projects/${api.other.project}/keys/${another.id}`)).status).toBe(
      404,
    );
    expect((await owner.send('DELETE', `/me/keys/${another.id}`)).status).toBe(404);
  });
});

describe('keys of an organisation', () => {
  it('are those of its projects and members, for its admins', async () => {
    const member = await somebody(`member-${round}`, 'developer');
    const own = await make(member);
    const ofProject = await make(owner, { role: 'reader' }, projectKeys());
    const list = async () =>
      (await owner.get(`/organisations/${acme}/keys`)).body.keys.map(({ id }: { id: number }) => id);
    expect(await list()).toEqual(expect.arrayContaining([own.key.id, ofProject.key.id]));
    const stranger = await somebody(`stranger-${round}`, 'owner', `globex-${round}`);
    expect((await stranger.get(`/organisations/${acme}/keys`)).status).toBe(404);
    const foreign = await make(stranger);
    expect(await list()).not.toContain(foreign.key.id);
    expect((await owner.send('DELETE', `/organisations/${acme}/keys/${foreign.key.id}`)).status).toBe(404);
    expect((await owner.send('DELETE', `/organisations/${acme}/keys/${own.key.id}`)).status).toBe(200);
    await delay(FORGOTTEN_MS);
    expect(await statuses(own.apiKey, [reads()[0] as string])).toEqual([401]);
  });

  it('of who belongs elsewhere, too, are shown without that, and stay', async () => {
    const both = await somebody(`both-${round}`, 'reader');
    await createAdminStore(api.database.database).addMember(`globex-${round}`, `both-${round}`, 'owner');
    const { apiKey, key } = await make(both);
    const elsewhere = await make(both, { projects: [api.other.project] });
    await ask(apiKey, `/api/jobs/list.json?project=${api.other.project}`);
    await api.parts.keyUses.flush();
    expect((await both.get('/me/keys')).body.keys[0].lastUse.address).toBe('127.0.0.1');
    const { keys } = (await owner.get(`/organisations/${acme}/keys`)).body;
    const shown = keys.filter(
      ({ user }: { user: { name: string } | null }) => user?.name === `both-${round}`,
    );
    expect(shown).toMatchObject([{ id: key.id, lastUse: { address: null, client: null } }]);
    for (const [id, status] of [
      [key.id, 403],
      [elsewhere.key.id, 404],
    ])
      expect((await owner.send('DELETE', `/organisations/${acme}/keys/${id}`)).status).toBe(status);
  });

  it('of who is mightier stay as they are', async () => {
    const admin = await somebody(`admin-${round}`, 'admin');
    const { key } = await make(owner);
    expect((await admin.send('DELETE', `/organisations/${acme}/keys/${key.id}`)).status).toBe(403);
  });
});
