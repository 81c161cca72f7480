import { type Mail, type Mailer, requestErrors, serviceErrors } from '@spiderhub/core';
import { createTransport, type SMTPTransportOptions } from 'nodemailer';

export interface MailConfig {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the beginning; without it no mail is sent. */
  SMTP_URL?: string | undefined;
  /** Whose name mail is sent in: `Spiderhub <spiderhub@example.org>`. */
  SMTP_FROM?: string | undefined;
}

/** A mail server that does not answer is given up after so long, ms. */
const PATIENCE_MS = 10_000;
const SUBMISSION_PORT = 587;
const TLS_PORT = 465;

/** A mailer that hands each message to a mail server, over a connection of its own; null where none is set up. */
export function createMailer({ SMTP_URL, SMTP_FROM }: MailConfig): Mailer | null {
  if (SMTP_URL === undefined) return null;
  const url = new URL(SMTP_URL);
  const from = SMTP_FROM ?? `Spiderhub <spiderhub@${url.hostname}>`;
  const transport = createTransport(optionsOf(url));
  return {
    async send(mail) {
      try {
        await transport.sendMail(messageOf(from, url.hostname, mail));
      } catch (error) {
        throw isRefused(error)
          ? requestErrors.invalid('email', 'the mail server refuses this address')
          : serviceErrors.unavailable('the mail server', error);
      }
    },
  };
}

function optionsOf(url: URL): SMTPTransportOptions {
  const secure = url.protocol === 'smtps:';
  const user = decodeURIComponent(url.username);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? TLS_PORT : SUBMISSION_PORT) : Number(url.port),
    secure,
    // A password never travels in the clear, except to this machine itself.
    requireTLS: !secure && user !== '' && !isThisMachine(url.hostname),
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    // Nothing that a message says makes us read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function messageOf(from: string, host: string, { to, subject, text, id }: Mail) {
  return {
    from,
    ...(id !== undefined && { messageId: `<${id}@${host}>` }),
    // As an object it is one address, whatever commas it holds.
    to: { name: '', address: to },
    subject: subject.replaceAll(/[\r\n]+/g, ' '),
    text,
    // Long links stay whole: plain text would be wrapped.
    textEncoding: 'quoted-printable' as const,
    disableFileAccess: true,
    disableUrlAccess: true,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** Whether the server will never take mail for this address. */
function isRefused(error: unknown): boolean {
  const { command, responseCode = 0 } = error as { command?: string; responseCode?: number };
  return command === 'RCPT TO' && responseCode >= 500;
}
