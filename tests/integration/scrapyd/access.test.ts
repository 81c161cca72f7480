import { COMMAND } from '@spiderhub/core';
import { createScrapydCallerStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type ScrapydUnderTest, startScrapydDialect } from './support.ts';

let scrapyd: ScrapydUnderTest;
beforeEach(async () => {
  scrapyd = await startScrapydDialect();
});
afterEach(() => scrapyd.close());

const PATHS = ['/', '/jobs', '/logs/', '/items/', '/daemonstatus.json', '/listjobs.json', '/nope'];

it('answers nothing without credentials', async () => {
  for (const path of PATHS) {
    const { status, text, headers } = await scrapyd.get(path, null);
    expect([path, status, text]).toEqual([path, 401, 'Unauthorized']);
    expect(headers['www-authenticate']).toBe('basic realm="Scrapyd"');
  }
  expect((await scrapyd.post('schedule', 'project=acme-project&spider=a', null)).status).toBe(401);
  expect((await scrapyd.get('/daemonstatus.json').auth('ann', 'wrong')).status).toBe(401);
  expect((await scrapyd.get('/daemonstatus.json').auth('ann', '')).status).toBe(401);
});

describe('without credentials, from a network that an operator trusts', () => {
  const callers = () => createScrapydCallerStore(scrapyd.database.database);
  const from = (address: string, path = '/listprojects.json') =>
    scrapyd.get(path, null).set('x-forwarded-for', address);

  beforeEach(() => callers().saveNetworks(COMMAND, 'acme', ['10.0.0.0/8'], 'admin'));

  it('serves its organisation to those addresses alone', async () => {
    expect((await from('10.1.2.3')).body).toMatchObject({ projects: ['acme-project'] });
    for (const address of ['11.0.0.1', '127.0.0.1']) expect((await from(address)).status).toBe(401);
    const made = await scrapyd
      .post('schedule', 'project=acme-project&spider=a', null)
      .set('x-forwarded-for', '10.1.2.3');
    expect(made.body).toMatchObject({ status: 'ok' });
    const others = await scrapyd
      .post('schedule', 'project=globex-project&spider=a', null)
      .set('x-forwarded-for', '10.1.2.3');
    expect(others.body).toMatchObject({ status: 'error' });
  });

  it('refuses wrong credentials there, too, and takes empty ones for none', async () => {
    expect((await from('10.1.2.3').auth('ann', 'wrong')).status).toBe(401);
    expect((await from('10.1.2.3').auth('', '')).status).toBe(200);
  });

  it('refuses what a browser sends for another site, or under a name that another site can have', async () => {
    expect((await from('10.1.2.3').set('origin', 'http://evil.example')).status).toBe(403);
    expect((await from('10.1.2.3').set('sec-fetch-site', 'cross-site')).status).toBe(403);
    for (const host of ['localhost', '127.0.0.1:6800', '[::1]:6800'])
      expect([host, (await from('10.1.2.3').set('host', host)).status]).toEqual([host, 200]);
    // A name that resolves to us: as its own page sees it, this is the same site.
    const rebound = from('10.1.2.3').set('host', 'evil.example').set('origin', 'http://evil.example');
    expect((await rebound).status).toBeGreaterThanOrEqual(400);
  });

  it('serves nobody any more within a second of its removal', async () => {
    await from('10.1.2.3').expect(200);
    await callers().removeNetwork(COMMAND, '10.0.0.0/8');
    await eventually(async () => expect((await from('10.1.2.3')).status).toBe(401));
    await expect(callers().removeNetwork(COMMAND, '10.0.0.0/8')).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('leaves a network to the organisation that has it', async () => {
    const taken = callers().saveNetworks(COMMAND, 'globex', ['10.9.0.0/16', '10.0.0.0/8'], 'admin');
    await expect(taken).rejects.toMatchObject({ kind: 'conflict' });
    expect((await callers().listCallers()).filter(({ network }) => network !== null)).toEqual([
      { organisation: 'acme', username: null, network: '10.0.0.0/8', role: 'admin' },
    ]);
  });
});

it('shows an organisation its own projects and jobs, and nothing of another one', async () => {
  await scrapyd.post('schedule', 'project=acme-project&spider=a&jobid=secret');
  const bob = async (path: string) => (await scrapyd.get(path, 'bob')).body;
  expect(await bob('/listprojects.json')).toMatchObject({ projects: ['globex-project'] });
  expect(await bob('/listversions.json?project=acme-project')).toMatchObject({ versions: [] });
  expect(await bob('/listspiders.json?project=acme-project')).toMatchObject({ status: 'error' });
  expect(await bob('/listjobs.json')).toMatchObject({ pending: [], running: [], finished: [] });
  expect(await bob('/status.json?job=secret')).toMatchObject({ currstate: null });
  expect(await bob(`/status.json?job=${scrapyd.acme.project}/1/1`)).toMatchObject({ currstate: null });
  expect(await bob('/daemonstatus.json')).toMatchObject({ pending: 0 });
  expect((await scrapyd.get('/jobs', 'bob')).text).not.toContain('secret');
  for (const [service, form] of [
    ['schedule', 'project=acme-project&spider=a'],
    ['cancel', 'project=acme-project&job=secret'],
    ['delproject', 'project=acme-project'],
  ] as const) {
    expect((await scrapyd.post(service, form, 'bob')).body).toMatchObject({
      message: "project 'acme-project' not found",
    });
  }
  expect((await scrapyd.get('/status.json?job=secret')).body).toMatchObject({ currstate: 'pending' });
});

it('gives the same name to different projects of two organisations', async () => {
  await scrapyd.deploy('shop', '1');
  scrapyd.eggs.spiders = ['x', 'y'];
  await scrapyd.deploy('shop', '1', 'bob');
  expect((await scrapyd.get('/listspiders.json?project=shop')).body).toMatchObject({ spiders: ['a'] });
  expect((await scrapyd.get('/listspiders.json?project=shop', 'bob')).body).toMatchObject({
    spiders: ['x', 'y'],
  });
});

it('takes an API key as user name, with any password', async () => {
  const { body } = await scrapyd.get('/listprojects.json', null).auth(scrapyd.acme.key, '');
  expect(body).toMatchObject({ projects: ['acme-project'] });
  await scrapyd.get('/listprojects.json', null).auth(scrapyd.acme.key, 'x').expect(200);
  const made = await scrapyd.deploy('by-key', '1', scrapyd.acme.key);
  expect(made.body).toMatchObject({ status: 'ok', spiders: 1 });
});

it('keeps the key of a project to that project', async () => {
  const { database } = scrapyd.database;
  const [row] = await database('api_keys').select('id').orderBy('id');
  await database('api_keys').where(row).update({ user_id: null, project_id: scrapyd.acme.project });
  await scrapyd.deploy('other', '1');
  const { body } = await scrapyd.get('/listprojects.json', null).auth(scrapyd.acme.key, '');
  expect(body).toMatchObject({ projects: ['acme-project'] });
  const refused = await scrapyd.deploy('third', '1', scrapyd.acme.key);
  expect(refused.body).toMatchObject({
    status: 'error',
    message: "project 'third' not found, and this key may not make projects",
  });
});

it('refuses what a browser sends for another site', async () => {
  const foreign = [{ Origin: 'http://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }];
  for (const headers of foreign) {
    const answer = await scrapyd.post('schedule', 'project=acme-project&spider=a').set(headers);
    expect([headers, answer.status]).toEqual([headers, 403]);
  }
  const host = `127.0.0.1:${(scrapyd.server.address() as { port: number }).port}`;
  const own = await scrapyd
    .post('schedule', 'project=acme-project&spider=a')
    .set({ Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' });
  expect(own.body).toMatchObject({ status: 'ok' });
  expect((await scrapyd.get('/jobs').set({ Host: 'evil.example' })).status).toBe(421);
  expect((await scrapyd.get('/listjobs.json')).body.pending).toHaveLength(1);
});

async function guessPasswords(): Promise<void> {
  for (let i = 0; i < 30; i++) await scrapyd.get('/daemonstatus.json').auth('ann', `wrong${i}`).expect(401);
}

it('lets an address wait that tries too many passwords, even with the right one', async () => {
  await guessPasswords();
  const { status, headers } = await scrapyd.get('/daemonstatus.json');
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
});

it('does not make those wait for it whose name and password have worked, nor API keys', async () => {
  await scrapyd.get('/daemonstatus.json').expect(200);
  await guessPasswords();
  await scrapyd.get('/daemonstatus.json').expect(200);
  await scrapyd.get('/daemonstatus.json').auth('ann', 'wrong').expect(429);
  await scrapyd.get('/daemonstatus.json', 'bob').expect(429);
  await scrapyd.get('/daemonstatus.json', null).auth(scrapyd.globex.key, '').expect(200);
  await scrapyd.get('/daemonstatus.json', null).auth('0'.repeat(32), '').expect(429);
});

it('shows names that look like markup as text, and runs no script in pages', async () => {
  const name = '<script>alert(1)<script>"\'&';
  await scrapyd.deploy(name, '1');
  await scrapyd.post('schedule', { project: name, spider: 'a', jobid: '<b>x' });
  for (const path of ['/', '/jobs']) {
    const { text, headers } = await scrapyd.get(path);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;script&gt;&quot;&#x27;&amp;');
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('<b>');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  }
  const prefixed = await scrapyd.get('/jobs').set('X-Forwarded-Prefix', '"><script>');
  expect(prefixed.text).not.toContain('<script>');
});
