import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hashPassword } from '@spiderhub/core';
import { eventually, freePort } from '@spiderhub/testkit';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';
import { type Service, startService } from '../support/service.ts';
import { Chromium, describeInBrowser, expectedRefusal, unexpected } from './support/browser.ts';
import { signInLink } from './support/seed.ts';

const PROVIDER = join(__dirname, '../contract/console/provider.mjs');
const EMAIL = 'ann@example.org';

describeInBrowser('signing in', () => {
  const chromium = new Chromium();
  let service: Service;
  let mailbox: Mailbox;
  let provider: ChildProcess;
  let issuer: string;

  beforeAll(async () => {
    const [port, providerPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    issuer = `http://127.0.0.1:${providerPort}`;
    const callback = `${url}/console/sign-in/openid/callback`;
    provider = fork(PROVIDER, [String(providerPort), callback], { stdio: 'ignore' });
    await once(provider, 'message');
    mailbox = await startMailbox();
    await chromium.start();
    service = await startService({
      workers: 0,
      env: {
        PORT: String(port),
        PUBLIC_URL: url,
        SMTP_URL: mailbox.url,
        SMTP_FROM: 'Spiderhub <spiderhub@example.org>',
        OIDC_ISSUER: issuer,
        OIDC_CLIENT_ID: 'spiderhub',
        OIDC_CLIENT_SECRET: 'a secret of the client',
        OIDC_NAME: 'Example Inc.',
      },
    });
  });
  afterAll(async () => {
    await chromium.stop();
    await service?.stop();
    await mailbox?.close();
    provider?.disconnect();
  });
  afterEach(() => chromium.closeAll(expect.getState().currentTestName ?? 'test'));

  async function sits(person: object | null): Promise<void> {
    await fetch(`${issuer}/person`, { method: 'PUT', body: JSON.stringify(person) });
  }

  /** The link of the newest mail, as somebody clicks on it. */
  async function mailedLink(count: number): Promise<string> {
    await eventually(() => expect(mailbox.received).toHaveLength(count));
    return /http\S+#token=\S+/.exec(mailbox.received.at(-1)?.text ?? '')?.[0] ?? 'no link';
  }

  it('shows an address to be one’s own, and sets another password by mail when it is forgotten', async () => {
    const window = await chromium.open();
    const { page } = window;
    await page.goto(await signInLink(service));
    await page.getByRole('heading', { name: 'Projects' }).waitFor();
    await page.goto(`${service.url}/account`);
    await page.getByLabel('Another address').fill(EMAIL);
    await page.getByRole('button', { name: 'Send a link there' }).click();
    await page.getByText('A link is on its way').waitFor();
    await page.goto(await mailedLink(1));
    await page.getByRole('button', { name: 'It is mine' }).click();
    await page.getByText(`Yours is ${EMAIL}.`).waitFor();

    const other = await chromium.open();
    await other.page.goto(`${service.url}/sign-in`);
    await other.page.getByRole('link', { name: 'No password yet, or forgotten?' }).click();
    await other.page.getByLabel('Your e-mail address').fill('nobody@example.org');
    await other.page.getByRole('button', { name: 'Send a link' }).click();
    await other.page.getByText('If somebody here has the address nobody@example.org').waitFor();
    await other.page.goto(`${service.url}/forgotten`);
    await other.page.getByLabel('Your e-mail address').fill(EMAIL);
    await other.page.getByRole('button', { name: 'Send a link' }).click();
    await other.page.getByText('If somebody here has the address').waitFor();
    await other.page.goto(await mailedLink(2));
    await other.page.getByLabel('New password').fill('short');
    await other.page.getByRole('button', { name: 'Set password and sign in' }).click();
    await other.page.getByText(/at least 10/).waitFor();
    await other.page.getByLabel('New password').fill('seven green bicycles');
    await other.page.getByRole('button', { name: 'Set password and sign in' }).click();
    await other.page.getByRole('heading', { name: 'Projects' }).waitFor();
    expect(other.page.url()).toBe(`${service.url}/`);
    expect(unexpected(window, expectedRefusal(401))).toEqual([]);
    expect(unexpected(other, expectedRefusal(400), expectedRefusal(401))).toEqual([]);
  });

  it('signs in at the provider, and says why when it does not', async () => {
    const users = service.db.database('users');
    await users
      .where({ name: 'acme-user' })
      .update({ email: EMAIL, password_hash: await hashPassword('seven green bicycles') });
    const window = await chromium.open();
    const { page } = window;
    await sits({ sub: 'stranger', email: 'stranger@example.org', email_verified: true });
    await page.goto(`${service.url}/sign-in`);
    await page.getByRole('button', { name: 'Sign in with Example Inc.' }).click();
    await page.getByText('Nobody here has invited this account').waitFor();
    expect(page.url()).toBe(`${service.url}/sign-in`);

    const known = await chromium.open();
    await sits({ sub: 'ann', email: EMAIL, email_verified: true });
    await known.page.goto(`${service.url}/sign-in`);
    await known.page.getByRole('button', { name: 'Sign in with Example Inc.' }).click();
    await known.page.getByRole('heading', { name: 'Projects' }).waitFor();
    await known.page.getByRole('button', { name: 'You and this page' }).click();
    await known.page.getByText('acme-user').waitFor();
    expect(unexpected(window, expectedRefusal(401))).toEqual([]);
    expect(unexpected(known, expectedRefusal(401))).toEqual([]);
  });

  it('takes an invitation that was mailed, at the provider', async () => {
    const admin = await chromium.open();
    await admin.page.goto(await signInLink(service));
    await admin.page.getByRole('link', { name: 'Members' }).click();
    await admin.page.getByRole('button', { name: 'Invite' }).click();
    const dialog = admin.page.getByRole('dialog');
    await dialog.getByLabel('E-mail address').fill('bea@example.org');
    const before = mailbox.received.length;
    await dialog.getByRole('button', { name: 'Send a link' }).click();
    await dialog.getByText('A link is on its way to bea@example.org').waitFor();

    const { page } = await chromium.open();
    await sits({ sub: 'bea', name: 'bea', email: 'bea@example.org', email_verified: true });
    await page.goto(await mailedLink(before + 1));
    await page.getByText('As developer of “acme”').waitFor();
    await page.getByRole('button', { name: 'Sign in with Example Inc.' }).click();
    await page.getByRole('link', { name: 'acme-project' }).waitFor();
  });
});

describeInBrowser('signing in where neither mail nor a provider is set up', () => {
  const chromium = new Chromium();
  let service: Service;
  beforeAll(async () => {
    [service] = await Promise.all([startService({ workers: 0 }), chromium.start()]);
  });
  afterAll(async () => {
    await chromium.stop();
    await service?.stop();
  });

  it('says who can help', async () => {
    const { page } = await chromium.open();
    await page.goto(`${service.url}/sign-in`);
    await page.getByText(/An admin of your organisation makes a link for you/).waitFor();
    await page.getByText('npm run admin -- user link').waitFor();
    expect(await page.getByRole('button', { name: /^Sign in with/ }).count()).toBe(0);
    await chromium.closeAll(null);
  });
});
