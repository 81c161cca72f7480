import { createServer } from 'node:net';
import { createMailer } from '@spiderhub/mail';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';

let mailbox: Mailbox;
afterEach(() => mailbox.close());

const MAIL = { to: 'ann@example.org', subject: 'Hello', text: 'A text.\n' };

it('hands a message to the server, signed in, as text alone', async () => {
  mailbox = await startMailbox({ user: 'spider@hub', pass: 'p/a:s@s' });
  const mailer = createMailer({ SMTP_URL: mailbox.url, SMTP_FROM: 'Spiders <spiders@example.org>' });
  const link = `https://hub.example/password#token=${'x'.repeat(100)}`;
  await mailer?.send({ ...MAIL, text: `Ünï, see\n\n${link}\n` });
  expect(mailbox.received).toEqual([
    {
      from: 'spiders@example.org',
      to: ['ann@example.org'],
      headers: expect.stringMatching(/^content-type: text\/plain; charset=utf-8/im),
      text: `Ünï, see\n\n${link}\n`,
    },
  ]);
  expect(mailbox.received[0]?.headers).toContain('From: Spiders <spiders@example.org>');
  expect(mailbox.received[0]?.headers).toMatch(/^auto-submitted: auto-generated/im);
});

it('makes no headers and no recipients of what stands in a subject or an address', async () => {
  mailbox = await startMailbox();
  const mailer = createMailer({ SMTP_URL: mailbox.url });
  await mailer?.send({ ...MAIL, subject: 'x\r\nBcc: eve@example.org\nReply-To: eve@example.org' });
  const [{ to, headers } = { to: [], headers: '' }] = mailbox.received;
  expect(to).toEqual(['ann@example.org']);
  expect(headers).toMatch(/^subject: x Bcc: eve@example.org Reply-To: eve@example.org$/im);
  expect(headers).not.toMatch(/^(bcc|reply-to):/im);
  await mailer?.send({ ...MAIL, to: 'ann@example.org, eve@example.org' }).catch(() => undefined);
  expect(mailbox.received.flatMap((one) => one.to)).not.toContain('eve@example.org');
});

it('tells an address that is refused from a server that takes nothing now', async () => {
  mailbox = await startMailbox();
  const mailer = createMailer({ SMTP_URL: mailbox.url });
  mailbox.refuse(550);
  await expect(mailer?.send(MAIL)).rejects.toMatchObject({ kind: 'invalid', details: { field: 'email' } });
  mailbox.refuse(451);
  await expect(mailer?.send(MAIL)).rejects.toMatchObject({ kind: 'unavailable' });
  mailbox.refuse(null);
  await mailer?.send(MAIL);
  expect(mailbox.received).toHaveLength(1);
});

it('says that the server is not available when nobody listens, and shows no password then', async () => {
  mailbox = await startMailbox();
  const free = createServer();
  const port = await new Promise<number>((resolve) =>
    free.listen(0, '127.0.0.1', () => resolve((free.address() as { port: number }).port)),
  );
  await new Promise((resolve) => free.close(resolve));
  const mailer = createMailer({ SMTP_URL: `smtp://me:secret-word@127.0.0.1:${port}` });
  const error = await mailer?.send(MAIL).catch((one: Error) => one);
  expect(error).toMatchObject({ kind: 'unavailable', message: expect.not.stringContaining('secret-word') });
});

it('is not there where no server is named', async () => {
  mailbox = await startMailbox();
  expect(createMailer({})).toBeNull();
});
