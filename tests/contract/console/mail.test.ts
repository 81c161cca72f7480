import { createMailer } from '@spiderhub/mail';
import { eventually } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { type Mailbox, startMailbox, tokenIn } from '../../support/mailbox.ts';
import { Browser } from './client.ts';
import { makeUser, organisationOf, PASSWORD } from './people.ts';

const SITE = 'https://hub.example';
const NEW_PASSWORD = 'eleven paper lanterns';

let mailbox: Mailbox;
let api: ApiUnderTest;
let acme: number;
let owner: Browser;

beforeAll(async () => {
  mailbox = await startMailbox();
  const mailer = createMailer({ SMTP_URL: mailbox.url });
  api = await startApi({ app: { publicUrl: SITE, trustProxy: 'loopback' }, ground: { mailer } });
  acme = await organisationOf(api, 'acme');
  owner = await somebody('olga', 'olga@example.org');
});
afterAll(async () => {
  await api.close();
  await mailbox.close();
});
beforeEach(() => {
  mailbox.received.length = 0;
});

const from = (address: string) => new Browser(api, { 'x-forwarded-for': address });
let askers = 0;
const forgotten = (email: string, browser = from(`192.0.2.${++askers}`)) =>
  browser.send('POST', '/links/forgotten', { email });

/** An owner of acme with an address, signed in. */
async function somebody(name: string, email: string | null): Promise<Browser> {
  await makeUser(api, name, 'acme');
  await api.database.database('users').where({ name }).update({ email });
  const browser = new Browser(api);
  expect((await browser.signIn({ name, password: PASSWORD })).status).toBe(200);
  return browser;
}

async function mailTo(address: string) {
  const found = () => mailbox.received.find(({ to }) => to.includes(address));
  await eventually(async () => expect(found()).toBeDefined());
  return found() as NonNullable<ReturnType<typeof found>>;
}

/** What the audit log has of a user that the API changed, in words; from its first link on. */
async function noted(name: string) {
  const { id } = await api.database.database('users').where({ name }).first('id');
  const lines = await api.database
    .database('audit_log')
    .where({ outcome: 'done' })
    .andWhere((its) => its.where({ object: `user ${id}` }).orWhere({ actor: name }))
    .orderBy('id');
  const first = lines.findIndex(({ action }) => action === 'link.made');
  return lines
    .slice(first)
    .map(({ actor_kind, actor, action, after }) => [`${actor_kind} ${actor}`, action, after]);
}

it('says that links are mailed', async () => {
  expect((await new Browser(api).get('/sign-in')).body).toMatchObject({ mail: true });
});

describe('a forgotten password', () => {
  it('is set anew by a link that only the address gets, whatever host the request names', async () => {
    const frida = await somebody('frida', 'Frida@example.org');
    const asked = await from('192.0.2.200').send(
      'POST',
      '/links/forgotten',
      { email: 'frida@EXAMPLE.org' },
      { 'x-forwarded-host': 'evil.example' },
    );
    expect([asked.status, asked.body]).toEqual([200, {}]);
    const mail = await mailTo('Frida@example.org');
    expect(mail.text).toContain(`\n${SITE}/password#token=`);
    expect(mail.text).toContain('"frida"');
    const fresh = new Browser(api);
    const token = tokenIn(mail);
    expect((await fresh.send('POST', '/links/password', { token, password: NEW_PASSWORD })).status).toBe(200);
    expect((await frida.get('/me')).status).toBe(401);
    expect((await fresh.send('POST', '/links/password', { token, password: NEW_PASSWORD })).status).toBe(404);
    expect(await noted('frida')).toEqual([
      ['nobody nobody', 'link.made', { kind: 'password' }],
      ['nobody nobody', 'link.used', { kind: 'password' }],
      ['nobody nobody', 'password.changed', null],
      ['user frida', 'session.began', null],
    ]);
  });

  it('is answered alike for an address that nobody has, in words and before anything is looked up', async () => {
    await somebody('greta', 'greta@example.org');
    const [known, unknown] = [await forgotten('greta@example.org'), await forgotten('nobody@example.org')];
    const { 'x-request-id': _1, date: _2, ...headers } = Object.fromEntries(known.headers);
    const { 'x-request-id': _3, date: _4, ...others } = Object.fromEntries(unknown.headers);
    expect([known.status, known.body, headers]).toEqual([unknown.status, unknown.body, others]);
    await mailTo('greta@example.org');
    await api.parts.people.forgotten.settled();
    expect(mailbox.received).toHaveLength(1);
  });

  it('is mailed three times in an hour, and whoever asks ten times in a minute waits', async () => {
    await somebody('hanna', 'hanna@example.org');
    for (let i = 0; i < 5; i++) expect((await forgotten('hanna@example.org')).status).toBe(200);
    await api.parts.people.forgotten.settled();
    expect(mailbox.received).toHaveLength(3);
    const asker = from('198.51.100.1');
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await forgotten(`x${i}@example.org`, asker)).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429, 429]);
  });

  it('of somebody whose mail server is away is answered alike, and logged without the address', async () => {
    await somebody('ida', 'ida@example.org');
    mailbox.refuse(451);
    expect((await forgotten('ida@example.org')).status).toBe(200);
    await api.parts.people.forgotten.settled();
    mailbox.refuse(null);
    const logs = api.logs.join('\n');
    expect(logs).toContain('a link for a forgotten password could not be mailed');
    expect(logs).not.toContain('#token=');
  });
});

describe('an address', () => {
  it('becomes that of who asked for it and has its mail, and nobody else’s', async () => {
    const jane = await somebody('jane', null);
    const ask = (body: object) => jane.send('PUT', '/me/email', body);
    expect((await ask({ email: 'jane@example.org' })).body.error.field).toBe('current');
    expect((await ask({ email: 'jane@example.org', current: 'wrong' })).status).toBe(401);
    expect((await ask({ email: 'jane@example.org', current: PASSWORD })).status).toBe(200);
    const mail = await mailTo('jane@example.org');
    expect(mail.text).toContain(`${SITE}/email#token=`);
    expect((await jane.get('/me')).body.email).toBeNull();
    const token = tokenIn(mail);
    const eve = await somebody('eve', null);
    expect((await eve.send('POST', '/me/email/confirmation', { token })).status).toBe(404);
    expect((await jane.send('POST', '/me/email/confirmation', { token })).status).toBe(200);
    expect((await jane.get('/me')).body.email).toBe('jane@example.org');
    expect((await jane.send('POST', '/me/email/confirmation', { token })).status).toBe(404);
    expect(await noted('jane')).toEqual([
      ['user jane', 'link.made', { kind: 'email' }],
      ['user jane', 'link.used', { kind: 'email' }],
      ['user jane', 'email.changed', { email: 'jane@example.org' }],
    ]);
  });

  it('of somebody else is not taken, in whatever capitals', async () => {
    const karl = await somebody('karl', null);
    expect(
      (await karl.send('PUT', '/me/email', { email: 'OLGA@example.org', current: PASSWORD })).status,
    ).toBe(200);
    const token = tokenIn(await mailTo('OLGA@example.org'));
    const taken = await karl.send('POST', '/me/email/confirmation', { token });
    expect([taken.status, taken.body.error.code]).toEqual([409, 'email_taken']);
  });
});

describe('an invitation', () => {
  const invite = (body: object) => owner.send('POST', `/organisations/${acme}/invitations`, body);

  it('is mailed to its address alone, which belongs to who takes it', async () => {
    const { status, body } = await invite({ role: 'reader', email: 'lena@example.org' });
    expect([status, body]).toEqual([
      200,
      { link: null, token: null, mailedTo: 'lena@example.org', expiresAt: expect.any(String) },
    ]);
    const mail = await mailTo('lena@example.org');
    expect(mail.text).toContain('"olga" invites you to "acme" as reader');
    expect((await owner.get(`/organisations/${acme}/invitations`)).body.invitations).toMatchObject([
      { email: 'lena@example.org', role: 'reader' },
    ]);
    const guest = new Browser(api);
    const account = { token: tokenIn(mail), name: 'lena', password: NEW_PASSWORD };
    expect((await guest.send('POST', '/accounts', account)).status).toBe(200);
    expect((await guest.get('/me')).body).toMatchObject({ name: 'lena', email: 'lena@example.org' });
  });

  it('that cannot be mailed is none', async () => {
    mailbox.refuse(550);
    const refused = await invite({ role: 'reader', email: 'mia@example.org' });
    expect([refused.status, refused.body.error.field]).toEqual([400, 'email']);
    mailbox.refuse(451);
    expect((await invite({ role: 'reader', email: 'mia@example.org' })).status).toBe(503);
    mailbox.refuse(null);
    expect((await owner.get(`/organisations/${acme}/invitations`)).body.invitations).toEqual([]);
  });

  it('takes an address from nobody', async () => {
    await invite({ role: 'reader', email: 'olga@example.org' });
    const account = {
      token: tokenIn(await mailTo('olga@example.org')),
      name: 'nina',
      password: NEW_PASSWORD,
    };
    const guest = new Browser(api);
    expect((await guest.send('POST', '/accounts', account)).status).toBe(200);
    expect((await guest.get('/me')).body.email).toBeNull();
    expect((await owner.get('/me')).body.email).toBe('olga@example.org');
  });
});

it('without a mail server links are handed on by people, and a forgotten password is an admin’s business', async () => {
  const plain = await startApi();
  try {
    await makeUser(plain, 'pia', 'acme');
    const pia = new Browser(plain);
    await pia.signIn({ name: 'pia', password: PASSWORD });
    expect((await pia.get('/sign-in')).body).toMatchObject({ mail: false });
    const place = `/organisations/${await organisationOf(plain, 'acme')}/invitations`;
    const { body } = await pia.send('POST', place, { role: 'reader', email: 'q@example.org' });
    expect(body).toMatchObject({ mailedTo: null, token: expect.any(String) });
    const guest = new Browser(plain);
    await guest.send('POST', '/accounts', { token: body.token, name: 'quinn', password: NEW_PASSWORD });
    // Who handed the link on could have taken it: it shows no address.
    expect((await guest.get('/me')).body.email).toBeNull();
    for (const answer of [
      await guest.send('POST', '/links/forgotten', { email: 'q@example.org' }),
      await pia.send('PUT', '/me/email', { email: 'p@example.org', current: PASSWORD }),
    ])
      expect([answer.status, answer.body.error.code]).toEqual([409, 'no_mail']);
  } finally {
    await plain.close();
  }
});
