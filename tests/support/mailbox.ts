import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Received {
  from: string;
  to: string[];
  headers: string;
  text: string;
}

export interface Mailbox {
  /** As SMTP_URL takes it. */
  url: string;
  received: Received[];
  /** Refuses recipients from now on with this reply, or takes them again: null. */
  refuse(reply: number | null): void;
  close(): Promise<void>;
}

/** A real mail server on a free port of this machine, which takes everything for anybody. */
export async function startMailbox(login?: { user: string; pass: string }): Promise<Mailbox> {
  const received: Received[] = [];
  let refusal: number | null = null;
  const server = new SMTPServer({
    authOptional: !login,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === login?.user && password === login?.pass
        ? done(null, { user: username })
        : done(new Error('wrong password')),
    onRcptTo: (_address, _session, done) =>
      done(refusal === null ? null : Object.assign(new Error('not here'), { responseCode: refusal })),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push(read(Buffer.concat(chunks), session.envelope));
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const who = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.pass)}@` : '';
  return {
    url: `smtp://${who}127.0.0.1:${port}`,
    received,
    refuse: (reply) => {
      refusal = reply;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Envelope {
  mailFrom: false | { address: string };
  rcptTo: { address: string }[];
}

function read(message: Buffer, { mailFrom, rcptTo }: Envelope): Received {
  const source = message.toString('latin1');
  const end = source.indexOf('\r\n\r\n');
  const headers = source.slice(0, end);
  const body = source.slice(end + 4);
  const isQuoted = /^content-transfer-encoding: quoted-printable/im.test(headers);
  const bytes = isQuoted ? unquoted(body) : body;
  const text = Buffer.from(bytes, 'latin1');
  return {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    headers,
    text: text.toString('utf8').replaceAll('\r\n', '\n'),
  };
}

/** Quoted-printable undone. */
function unquoted(body: string): string {
  return body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The token of the link in a message. */
export function tokenIn({ text }: Received): string {
  const [, token] = /#token=([\w-]+)/.exec(text) ?? [];
  if (token === undefined) throw new Error(`no link in: ${text}`);
  return token;
}
