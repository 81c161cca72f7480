import { hashApiKey, newApiKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { makeUser, organisationOf, PASSWORD, signInToken } from './people.ts';

/** Users of the staff: what they may while they are signed in, and how nobody else comes by it. */

let api: ApiUnderTest;
let admin: ReturnType<typeof createAdminStore>;
let acme: number;

beforeAll(async () => {
  api = await startApi();
  admin = createAdminStore(api.database.database);
  await admin.createOrganisation('globex');
  acme = await organisationOf(api, 'acme');
});
afterAll(() => api.close());

async function signedIn(name: string): Promise<Browser> {
  const browser = new Browser(api);
  expect((await browser.signIn({ name, password: PASSWORD })).status).toBe(200);
  return browser;
}

async function keyOf(what: { user?: string; project?: number; staff?: boolean }): Promise<Browser> {
  const key = newApiKey();
  const { user = null, project = null, staff = false } = what;
  await admin.createKey({ hash: hashApiKey(key), hint: 'x', user, project, staff });
  return new Browser(api, withKey(key));
}

it('do what staff may while they are signed in, with the token of their page, and the log says so', async () => {
  const ann = await makeUser(api, 'ann', 'globex', 'reader');
  await admin.setStaff('ann', true);
  const browser = await signedIn('ann');
  const me = (await browser.get('/me')).body;
  expect(me).toMatchObject({ name: 'ann', staff: true, organisations: [{ name: 'globex', role: 'reader' }] });
  for (const path of [
    '/server',
    '/audit',
    `/organisations/${acme}/limits`,
    `/projects/${api.team.project}/audit`,
  ])
    expect([path, (await browser.get(path)).status]).toEqual([path, 200]);
  // A reader there, and staff nevertheless.
  const globex = await organisationOf(api, 'globex');
  const invited = await browser.send('POST', `/organisations/${globex}/invitations`, { role: 'owner' });
  expect(invited.status).toBe(200);

  const limits = `/organisations/${acme}/limits`;
  const forged = await browser.send('PATCH', limits, { webhooks: 7 }, { 'x-csrf-token': 'x' });
  expect(forged.body.error.code).toBe('csrf_token');
  const foreign = await browser.send('PATCH', limits, { webhooks: 7 }, { origin: 'https://evil.example' });
  expect(foreign.status).toBe(403);
  expect((await browser.send('PATCH', limits, { webhooks: 7 })).body.limits.webhooks.limit).toBe(7);
  const [line] = (await browser.get(`/organisations/${acme}/audit?action=limits.changed`)).body.lines;
  expect(line).toMatchObject({
    actor: { kind: 'staff', name: 'ann', user: ann.id, key: null },
    after: { limits: { webhooks: 7 } },
  });
});

it('are staff in person: neither their keys are, nor keys that they make', async () => {
  await makeUser(api, 'bea', 'acme');
  await admin.setStaff('bea', true);
  const browser = await signedIn('bea');
  const { apiKey } = (await browser.send('POST', '/me/keys', { name: 'mine' })).body;
  const project = (
    await browser.send('POST', `/projects/${api.other.project}/keys`, { name: 'its', role: 'owner' })
  ).body;
  for (const client of [new Browser(api, withKey(apiKey)), new Browser(api, withKey(project.apiKey))]) {
    expect((await client.get('/me')).body.staff).toBe(false);
    for (const path of ['/server', '/audit']) expect((await client.get(path)).status).toBe(403);
  }
  expect((await new Browser(api, withKey(apiKey)).get(`/projects/${api.other.project}`)).status).toBe(404);
});

it('come to it, and leave it, without sessions and links of before', async () => {
  const carl = await makeUser(api, 'carl', 'acme');
  const before = await signedIn('carl');
  const token = await signInToken(api, carl.id);
  expect(await admin.setStaff('carl', true)).toEqual({
    user: 'carl',
    staff: true,
    sessionsEnded: 1,
    keysRevoked: 0,
  });
  expect((await before.get('/me')).status).toBe(401);
  expect((await new Browser(api).signIn({ token })).status).toBe(404);
  const program = await keyOf({ user: 'carl', staff: true });
  expect((await program.get('/server')).status).toBe(200);
  const during = await signedIn('carl');
  // Saying it again changes nothing.
  expect((await admin.setStaff('carl', true)).sessionsEnded).toBe(0);
  expect((await during.get('/server')).status).toBe(200);
  expect(await admin.setStaff('carl', false)).toMatchObject({ sessionsEnded: 1, keysRevoked: 1 });
  expect((await during.get('/me')).status).toBe(401);
  const after = await signedIn('carl');
  expect((await after.get('/me')).body.staff).toBe(false);
  expect((await after.get('/server')).status).toBe(403);
});

it('are not to be had by an admin of their organisation', async () => {
  const dora = await makeUser(api, 'dora', 'acme', 'reader');
  await makeUser(api, 'eve', 'acme', 'owner');
  await admin.setStaff('dora', true);
  const eve = await signedIn('eve');
  const link = (browser: Browser) =>
    browser.send('POST', `/organisations/${acme}/members/${dora.id}/password-link`, {});
  const refused = await link(eve);
  expect([refused.status, refused.body.error.code]).toEqual([403, 'forbidden']);
  expect((await link(await keyOf({ user: 'eve' }))).status).toBe(403);
  await makeUser(api, 'fay');
  await admin.setStaff('fay', true);
  expect((await link(await signedIn('fay'))).status).toBe(200);
});

it('alone replace keys of staff, whoever these belong to', async () => {
  await makeUser(api, 'gus', 'acme');
  await keyOf({ user: 'gus', staff: true });
  const gus = await signedIn('gus');
  const { keys } = (await gus.get('/me/keys')).body;
  const rotated = await gus.send('POST', `/me/keys/${keys[0].id}/rotation`, {});
  expect([rotated.status, rotated.body.error.code]).toEqual([403, 'forbidden']);
  await keyOf({ project: api.team.project, staff: true });
  const ofProject = (await gus.get(`/projects/${api.team.project}/keys`)).body.keys;
  const staffKey = ofProject.find(({ hint }: { hint: string }) => hint === 'x');
  const other = await gus.send('POST', `/projects/${api.team.project}/keys/${staffKey.id}/rotation`, {});
  expect(other.status).toBe(403);
});
