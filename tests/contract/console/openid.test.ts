import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hashPassword, hashToken, newToken } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { eventually, freePort } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { Visitor } from './visitor.ts';

let service: Service;
let provider: ChildProcess;
let issuer: string;

beforeAll(async () => {
  const [port, providerPort] = [await freePort(), await freePort()];
  issuer = `http://127.0.0.1:${providerPort}`;
  const url = `http://127.0.0.1:${port}`;
  const redirectUri = `${url}/console/sign-in/openid/callback`;
  provider = fork(join(__dirname, 'provider.mjs'), [String(providerPort), redirectUri], { stdio: 'ignore' });
  await once(provider, 'message');
  service = await startService({
    workers: 0,
    env: {
      PORT: String(port),
      PUBLIC_URL: url,
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: 'spiderhub',
      OIDC_CLIENT_SECRET: 'a secret of the client',
      OIDC_NAME: 'Example Inc.',
      OIDC_SCOPE: 'openid email profile groups',
      OIDC_ALLOWED_DOMAINS: 'example.org, example.com',
      OIDC_ALLOWED_GROUPS: 'crawling',
    },
  });
});
afterAll(async () => {
  await service.stop();
  provider.disconnect();
});

interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
}

async function sits(person: Person | null): Promise<void> {
  const shown = person && { email_verified: true, groups: ['crawling'], ...person };
  await fetch(`${issuer}/person`, { method: 'PUT', body: JSON.stringify(shown) });
}

/** Goes to the provider and comes back, as a browser does; where it ends. */
async function signIn(visitor: Visitor, invitation?: string): Promise<string> {
  const begun = await visitor.post('/console/sign-in/openid', { ...(invitation && { invitation }) });
  expect(begun.status).toBe(200);
  const { url } = (await begun.json()) as { url: string };
  return visitor.follow(url);
}

const visitor = () => new Visitor(service.url);
const errorIn = (address: string) => /#error=(\w+)/.exec(address)?.[1] ?? address;

async function user(name: string, email: string | null): Promise<number> {
  const { value } = await createAdminStore(service.db.database).createUser(name);
  await service.db
    .database('users')
    .where({ id: value.id })
    .update({ email, password_hash: await hashPassword('seven green bicycles') });
  return value.id;
}

async function invite(to: string | null): Promise<string> {
  const token = newToken();
  const { database } = service.db;
  const { id } = await database('organisations').where({ name: 'acme' }).first('id');
  await database('links').insert({
    kind: 'invitation',
    token_hash: hashToken(token),
    organisation_id: id,
    role: 'developer',
    email: to,
    made_by: 'test',
    expires_at: database.raw("now() + interval '1 hour'"),
  });
  return token;
}

it('says that there is a provider, and goes there with PKCE, a state and a nonce', async () => {
  const ways = await visitor().get('/console/sign-in');
  expect(await ways.json()).toEqual({ mail: false, openId: { name: 'Example Inc.' } });
  const begun = await visitor().post('/console/sign-in/openid', {});
  const { searchParams } = new URL(((await begun.json()) as { url: string }).url);
  expect(Object.fromEntries(searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    redirect_uri: `${service.url}/console/sign-in/openid/callback`,
    state: expect.stringMatching(/^[\w-]{40,}$/),
    nonce: expect.stringMatching(/^[\w-]{40,}$/),
  });
  expect(begun.headers.getSetCookie()[0]).toMatch(
    /^spiderhub_openid=[\w-]+; Max-Age=600; Path=\/console\/sign-in; HttpOnly; SameSite=Lax$/,
  );
});

/** Actions of lines of the audit log that name somebody. */
async function noted(word: string, outcome = 'done'): Promise<string[]> {
  const user = await service.db.database('users').where({ name: word }).first('id');
  const lines = await service.db.database('audit_log').where({ outcome }).orderBy('id');
  return lines
    .filter(
      ({ object, actor }) =>
        object.includes(word) || actor === word || (user && object === `user ${user.id}`),
    )
    .map(({ action }) => action);
}

it('signs in who has the same verified address, and knows the person for ever after', async () => {
  const id = await user('ann', 'ann@example.org');
  const browser = visitor();
  await sits({ sub: 'sub-ann', email: 'Ann@Example.org' });
  expect(await signIn(browser)).toBe(`${service.url}/`);
  const me = (await (await browser.get('/console/me')).json()) as { user: number; csrfToken: string };
  expect(me).toMatchObject({ user: id, name: 'ann', csrfToken: expect.any(String) });
  await service.db.database('users').where({ id }).update({ email: null });
  const again = visitor();
  await sits({ sub: 'sub-ann', email: 'other@example.org' });
  expect(await signIn(again)).toBe(`${service.url}/`);
  expect(await (await again.get('/console/me')).json()).toMatchObject({ user: id });
});

it('never takes an account by an address that nobody has verified, or by a name', async () => {
  await user('bea', 'bea@example.org');
  await sits({ sub: 'sub-eve', email: 'bea@example.org', email_verified: false, name: 'bea' });
  expect(errorIn(await signIn(visitor()))).toBe('forbidden');
  await sits({ sub: 'sub-eve', email: 'eve@example.org', name: 'bea' });
  expect(errorIn(await signIn(visitor()))).toBe('not_invited');
  await eventually(async () => expect(await noted('sub-eve', 'refused')).toEqual(['sign-in', 'sign-in']));
});

it('keeps out other domains and other groups, and who says no', async () => {
  await user('carl', 'carl@evil.example');
  await sits({ sub: 'sub-carl', email: 'carl@evil.example' });
  expect(errorIn(await signIn(visitor()))).toBe('forbidden');
  await user('dora', 'dora@example.org');
  await sits({ sub: 'sub-dora', email: 'dora@example.org', groups: ['selling'] });
  expect(errorIn(await signIn(visitor()))).toBe('forbidden');
  await sits(null);
  expect(errorIn(await signIn(visitor()))).toBe('openid_failed');
});

it('makes a user of who was invited: by a link that is taken along, or by the verified address', async () => {
  const byLink = visitor();
  await sits({ sub: 'sub-frida', email: 'frida@example.com' });
  const token = await invite(null);
  expect(await signIn(byLink, token)).toBe(`${service.url}/`);
  expect(await (await byLink.get('/console/me')).json()).toMatchObject({
    name: 'frida@example.com',
    email: 'frida@example.com',
    organisations: [{ name: 'acme', role: 'developer' }],
  });
  await sits({ sub: 'sub-gina', email: 'gina@example.com' });
  expect(errorIn(await signIn(visitor(), token))).toBe('link_not_found');
  expect(await noted('frida@example.com')).toEqual([
    'user.made',
    'member.added',
    'email.changed',
    'identity.added',
    'session.began',
  ]);
  await invite('GINA@example.com');
  const byAddress = visitor();
  expect(await signIn(byAddress)).toBe(`${service.url}/`);
  expect(await (await byAddress.get('/console/me')).json()).toMatchObject({
    organisations: [{ name: 'acme', role: 'developer' }],
  });
});

describe('an attacker', () => {
  /** Where the provider sends a browser back to, not followed. */
  async function halfway(browser: Visitor): Promise<URL> {
    await sits({ sub: 'sub-ann', email: 'other@example.org' });
    const begun = await browser.post('/console/sign-in/openid', {});
    const back = await browser.follow(((await begun.json()) as { url: string }).url, service.url);
    return new URL(back);
  }
  const isIn = async (browser: Visitor) => (await browser.get('/console/me')).status === 200;

  it('signs nobody in as the attacker: an answer is good in the browser that asked for it', async () => {
    const back = await halfway(visitor());
    const victim = visitor();
    expect(errorIn(await victim.follow(back.href))).toBe('openid_failed');
    expect(await isIn(victim)).toBe(false);
    await victim.post('/console/sign-in/openid', {});
    expect(errorIn(await victim.follow(back.href))).toBe('openid_failed');
    expect(await isIn(victim)).toBe(false);
  });

  it('uses no answer twice, changes none and makes none up', async () => {
    const browser = visitor();
    const back = await halfway(browser);
    const cookie = browser.cookie('spiderhub_openid');
    expect(await browser.follow(back.href)).toBe(`${service.url}/`);
    const thief = visitor();
    thief.plant('spiderhub_openid', cookie);
    expect(errorIn(await thief.follow(back.href))).toBe('openid_failed');
    for (const [name, value] of [
      ['code', 'made-up'],
      ['state', 'made-up'],
      ['iss', 'https://evil.example'],
    ] as const) {
      const other = visitor();
      const tampered = await halfway(other);
      tampered.searchParams.set(name, value);
      expect([name, errorIn(await other.follow(tampered.href))]).toEqual([name, 'openid_failed']);
      expect(await isIn(other)).toBe(false);
    }
  });

  it('begins no sign-in from another site, and leaves no code and no state in the log', async () => {
    const browser = visitor();
    const refused = await browser.post('/console/sign-in/openid', {}, { origin: 'https://evil.example' });
    expect(refused.status).toBe(403);
    const back = await halfway(browser);
    await browser.follow(back.href);
    const { readFile } = await import('node:fs/promises');
    const log = await readFile(join(service.home, 'api-0.log'), 'utf8');
    for (const name of ['code', 'state']) expect(log).not.toContain(back.searchParams.get(name));
  });
});
