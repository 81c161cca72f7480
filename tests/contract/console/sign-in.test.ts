import { createJobTokens, hashPassword } from '@spiderhub/core';
import { sharedSecret } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { makeUser, PASSWORD, signInToken } from './people.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi({ app: { trustProxy: 'loopback' } });
  await makeUser(api, 'ann', 'acme');
});
afterAll(() => api.close());

const ANN = { name: 'ann', password: PASSWORD };
const from = (address: string) => new Browser(api, { 'x-forwarded-for': address });

async function signedIn(browser = new Browser(api)): Promise<Browser> {
  expect((await browser.signIn(ANN)).status).toBe(200);
  return browser;
}

describe('signing in', () => {
  it('gives a cookie that scripts, other sites and other paths do not get, and stores only its hash', async () => {
    const browser = new Browser(api);
    const answer = await browser.signIn(ANN);
    expect(answer.body).toMatchObject({
      user: { name: 'ann' },
      hasPassword: true,
      session: { isCurrent: true },
    });
    const [cookie] = answer.headers.getSetCookie();
    expect(cookie).toMatch(
      /^spiderhub_session=[\w-]{43}; Max-Age=2592000; Path=\/console; HttpOnly; SameSite=Strict$/,
    );
    const token = browser.cookies.get('spiderhub_session') as string;
    const rows = await api.database.database('sessions').select('*');
    expect(JSON.stringify(rows)).not.toContain(token);
    expect((await browser.get('/session')).body.user.name).toBe('ann');
    const csrf = answer.body.csrfToken;
    expect(api.logs.join('\n')).not.toMatch(new RegExp(`${token}|${csrf}|${PASSWORD}`));
  });

  it('marks the cookie as one for https alone where people come by https', async () => {
    const answer = await new Browser(api, { 'x-forwarded-proto': 'https' }).signIn(ANN);
    expect(answer.headers.getSetCookie()[0]).toContain('; Secure');
  });

  it('never goes on with a session that the browser had before', async () => {
    const victim = await signedIn();
    const planted = victim.cookies.get('spiderhub_session') as string;
    await signedIn(victim);
    expect(victim.cookies.get('spiderhub_session')).not.toBe(planted);
    const attacker = new Browser(api);
    attacker.cookies.set('spiderhub_session', planted);
    expect((await attacker.get('/me')).status).toBe(401);
    expect((await victim.get('/me')).status).toBe(200);
  });

  it('tells nothing about names: an unknown one gets the answer of a wrong password', async () => {
    const wrong = await from('192.0.2.1').send('POST', '/session', { name: 'ann', password: 'wrong' });
    const unknown = await from('192.0.2.1').send('POST', '/session', { name: 'nobody', password: 'wrong' });
    expect([wrong.status, wrong.body]).toEqual([unknown.status, unknown.body]);
    expect(wrong.body).toEqual({ error: { code: 'wrong_password', message: expect.any(String) } });
    expect(wrong.headers.get('www-authenticate')).toBeNull();
    await makeUser(api, 'passwordless');
    await api.database.database('users').where({ name: 'passwordless' }).update({ password_hash: null });
    const none = await from('192.0.2.1').send('POST', '/session', {
      name: 'passwordless',
      password: 'wrong',
    });
    expect(none.body).toEqual(wrong.body);
  });

  it('by a link works once, and for one of two who come at once', async () => {
    const user = await makeUser(api, 'linked', 'acme');
    const token = await signInToken(api, user.id);
    const answers = await Promise.all(
      [new Browser(api), new Browser(api)].map((one) => one.signIn({ token })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(1);
    expect((await new Browser(api).signIn({ token })).body.error.code).toBe('link_not_found');
    const old = await signInToken(api, user.id);
    await api.database
      .database('links')
      .whereNull('used_at')
      .update({ expires_at: api.database.database.raw("now() - interval '1 s'") });
    expect((await new Browser(api).signIn({ token: old })).status).toBe(404);
  });
});

describe('guessing passwords', () => {
  const guess = (browser: Browser, name = 'ann') =>
    browser.send('POST', '/session', { name, password: `guess ${Math.random()}` });

  it('from one address ends in waiting for that name there, and the owner gets in from elsewhere', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => guess(from('203.0.113.1'))));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(11);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    // Others at that address are not concerned, and neither is the owner elsewhere.
    expect((await from('203.0.113.1').signIn({ name: 'linked', password: PASSWORD })).status).toBe(200);
    expect((await signedIn(from('203.0.113.2'))).csrfToken).not.toBeNull();
  });

  it('for a name that nobody has is counted like any other', async () => {
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push((await guess(from('203.0.113.9'), 'nobody')).status);
    expect(answers).toEqual([...Array(10).fill(401), 429, 429]);
  });

  it('from the owner’s own address does not lock out a browser that has signed in before', async () => {
    const owner = from('198.51.100.7');
    await makeUser(api, 'bea', 'acme');
    expect((await owner.signIn({ name: 'bea', password: PASSWORD })).status).toBe(200);
    for (let i = 0; i < 11; i++) await guess(from('198.51.100.7'), 'bea');
    expect((await guess(from('198.51.100.7'), 'bea')).status).toBe(429);
    // Another password than before, so that only the browser speaks for its owner.
    await api.database
      .database('users')
      .where({ name: 'bea' })
      .update({ password_hash: await hashPassword('quite another one') });
    expect((await owner.signIn({ name: 'bea', password: 'quite another one' })).status).toBe(200);
    const stolen = new Browser(api, { 'x-forwarded-for': '198.51.100.7' });
    stolen.cookies.set('spiderhub_device', owner.cookies.get('spiderhub_device') as string);
    const guesses = [];
    for (let i = 0; i < 11; i++) guesses.push((await guess(stolen, 'bea')).status);
    expect(guesses.at(-1)).toBe(429);
  });

  it('from many addresses at once leaves a way for who has signed in before', async () => {
    const owner = await signedIn(from('198.51.100.1'));
    let wrong = 0;
    const flood = Array.from({ length: 150 }, async (_, i) => {
      const { status } = await guess(from(`10.1.${i >> 8}.${i & 255}`));
      if (status !== 429) wrong += 1;
    });
    expect((await owner.signIn(ANN)).status).toBe(200);
    await Promise.all(flood);
    expect(wrong).toBeLessThan(150);
  });
});

describe('a session', () => {
  it('changes something only with the token of its page, as JSON, and from our own pages', async () => {
    const browser = await signedIn();
    const token = browser.csrfToken as string;
    const put = (headers: Record<string, string>, body: unknown = { current: PASSWORD, password: 'x' }) =>
      browser.send('PUT', '/me/password', body, headers);
    expect((await put({ 'x-csrf-token': '' })).body.error.code).toBe('csrf_token');
    expect((await put({ 'x-csrf-token': `${token}x` })).status).toBe(403);
    const others = await signedIn();
    expect((await put({ 'x-csrf-token': others.csrfToken as string })).status).toBe(403);
    expect((await put({ 'content-type': 'text/plain' })).status).toBe(415);
    expect((await put({ 'content-type': 'application/x-www-form-urlencoded' }, 'password=x')).status).toBe(
      415,
    );
    expect((await put({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await put({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await put({})).body.error).toMatchObject({ code: 'invalid_parameter', field: 'password' });
  });

  it('of another site is never begun', async () => {
    const answer = await new Browser(api).send('POST', '/session', ANN, { origin: 'https://evil.example' });
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('ends when it is signed out, ended from another one, or unused for 12 hours, at once', async () => {
    const [one, two] = [await signedIn(), await signedIn()];
    expect((await one.send('DELETE', '/session')).status).toBe(200);
    expect(one.cookies.has('spiderhub_session')).toBe(false);
    const { sessions } = (await two.get('/sessions')).body;
    expect(sessions.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toHaveLength(1);
    const three = await signedIn();
    const { id } = (await three.get('/session')).body.session;
    expect((await two.send('DELETE', `/sessions/${id}`)).status).toBe(200);
    expect((await three.get('/me')).status).toBe(401);
    expect((await two.send('DELETE', `/sessions/${id}`)).body.error.code).toBe('session_not_found');
    await signedIn();
    expect((await two.send('DELETE', '/sessions')).body.ended).toBeGreaterThan(0);
    expect((await two.get('/sessions')).body.sessions).toHaveLength(1);
    await api.database
      .database('sessions')
      .update({ seen_at: api.database.database.raw("now() - interval '721 minutes'") });
    expect((await two.get('/me')).status).toBe(401);
  });

  it('is not another one’s to end, and answers like one that there is not', async () => {
    await makeUser(api, 'carl', 'acme');
    const carl = new Browser(api);
    await carl.signIn({ name: 'carl', password: PASSWORD });
    const { id } = (await carl.get('/session')).body.session;
    const ann = await signedIn();
    const foreign = await ann.send('DELETE', `/sessions/${id}`);
    const missing = await ann.send('DELETE', '/sessions/999999');
    expect(JSON.stringify(foreign.body).replace(String(id), 'N')).toBe(
      JSON.stringify(missing.body).replace('999999', 'N'),
    );
    expect(foreign.status).toBe(404);
    expect((await carl.get('/me')).status).toBe(200);
  });

  it('ends with the password, except the one that changed it', async () => {
    await makeUser(api, 'dora', 'acme');
    const [here, there] = [new Browser(api), new Browser(api)];
    for (const one of [here, there]) await one.signIn({ name: 'dora', password: PASSWORD });
    const change = (current: string, password: string) =>
      here.send('PUT', '/me/password', { current, password });
    expect((await change('wrong', 'nine blue umbrellas')).status).toBe(401);
    expect((await change(PASSWORD, 'password2026')).body.error.field).toBe('password');
    expect((await change(PASSWORD, 'nine blue umbrellas')).status).toBe(200);
    expect([(await here.get('/me')).status, (await there.get('/me')).status]).toEqual([200, 401]);
    expect((await there.signIn({ name: 'dora', password: PASSWORD })).status).toBe(401);
    expect((await there.signIn({ name: 'dora', password: 'nine blue umbrellas' })).status).toBe(200);
  });
});

describe('other credentials', () => {
  it('an API key reads and changes without a session', async () => {
    const client = new Browser(api, withKey(api.team.key));
    const me = await client.get('/me');
    expect(me.body).toMatchObject({ name: 'acme-user', csrfToken: null, staff: false });
    expect(me.body.projects).toMatchObject([{ id: api.team.project, role: 'owner' }]);
    const project = await client.send('PATCH', `/projects/${api.team.project}`, { paused: true });
    expect(project.body).toMatchObject({ paused: true, organisation: { name: 'acme' } });
    expect((await client.send('PUT', '/me/password', { password: 'nine blue umbrellas' })).status).toBe(403);
  });

  it('the token of a job is not looked at, and no challenge is sent', async () => {
    const tokens = createJobTokens(await sharedSecret(api.database.database, 'job-token'));
    const key = { project: api.team.project, spider: 1, job: 1 };
    const name = `${key.project}/1/1`;
    const header = `Basic ${Buffer.from(`${name}:${tokens.sign(key)}`).toString('base64')}`;
    for (const headers of [
      { authorization: header },
      { authorization: 'Bearer x' },
      withKey('0'.repeat(32)),
      {},
    ]) {
      const answer = await new Browser(api, headers).get('/me');
      expect([answer.status, answer.body.error.code]).toEqual([401, 'authentication_failed']);
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }
  });
});
