import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DueNotice, type NoticeEnd, requestErrors } from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import { createSender } from '../webhooks/send.ts';
import { createPostman } from './postman.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const NOTICE: DueNotice = {
  id: 'n',
  to: 'a@example.com',
  subject: 's',
  text: 't\n',
  place: '/p/1',
  tries: 1,
};

/** One round of the postman with this notice: what was mailed, and what the store was told. */
async function mailed(notice: Partial<DueNotice>, { site, error }: { site?: string; error?: Error } = {}) {
  const sent: object[] = [];
  const due = [{ ...NOTICE, ...notice }];
  let told: (end: [string, number, NoticeEnd]) => void = () => {};
  const end = new Promise<[string, number, NoticeEnd]>((done) => {
    told = done;
  });
  const postman = createPostman({
    store: {
      claim: async () => due.splice(0),
      settle: async (id: string, tries: number, how: NoticeEnd) => told([id, tries, how]),
    } as never,
    mailer: {
      async send(letter) {
        if (error) throw error;
        sent.push(letter);
      },
    },
    site,
    log,
  });
  await postman.start();
  const [id, tries, how] = await end;
  await postman.stop(new AbortController().signal);
  return { sent, id, tries, how };
}

it('mails a notice under its name, with a link where the site is known', async () => {
  const { sent, how } = await mailed({}, { site: 'https://hub.example.com' });
  expect(sent).toEqual([
    { to: NOTICE.to, subject: 's', text: 't\n\nhttps://hub.example.com/p/1\n', id: 'n' },
  ]);
  expect(how).toEqual({ state: 'sent' });
  expect((await mailed({})).sent).toEqual([expect.objectContaining({ text: 't\n' })]);
  expect((await mailed({ place: null }, { site: 'https://x' })).sent).toEqual([
    expect.objectContaining({ text: 't\n' }),
  ]);
});

it.each<[string, Partial<DueNotice>, Error | undefined, object]>([
  [
    'nobody to mail it to',
    { to: null },
    undefined,
    { state: 'failed', error: expect.stringContaining('no address') },
  ],
  [
    'a server that is away',
    {},
    new Error('refused'),
    { state: 'waiting', error: 'refused', afterMs: expect.any(Number) },
  ],
  [
    'a server that is away at the last try',
    { tries: 8 },
    new Error('refused'),
    { state: 'failed', error: 'refused' },
  ],
  ['an address that is none', {}, requestErrors.invalid('to', 'x'), { state: 'failed', error: 'to: x' }],
])('with %s', async (_, notice, error, how) => {
  const found = await mailed(notice, error ? { error } : {});
  expect(found.how).toEqual(how);
  expect(found.tries).toBe(notice.tries ?? 1);
});

describe('a message to a webhook', () => {
  let server: Server;
  let url: string;
  let answer: (req: IncomingMessage, res: ServerResponse) => void;
  beforeAll(async () => {
    server = createServer((req, res) => answer(req, res));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });

  const open = (timeoutMs = 30_000) => createSender({ allowNetworks: ['127.0.0.0/8'], timeoutMs });
  const outgoing = () => ({ url, headers: { 'webhook-id': 'm' }, body: '{"é":1}' });

  it('is what was signed, and its answer is kept', async () => {
    let seen = '';
    answer = (req, res) => {
      req.on('data', (piece) => {
        seen += String(piece);
      });
      req.on('end', () => res.writeHead(202).end('thanks\0'));
    };
    expect(await open()(outgoing())).toMatchObject({
      status: 202,
      error: null,
      answer: 'thanks\ufffd',
      retryAfterMs: null,
    });
    expect(seen).toBe('{"é":1}');
  });

  it.each<[number, Record<string, string>, object]>([
    [500, {}, { status: 500, error: 'answered 500' }],
    [302, { location: 'http://127.0.0.1:1/' }, { status: 302, error: 'answered 302' }],
    [429, { 'retry-after': '7' }, { status: 429, retryAfterMs: 7000 }],
    [503, { 'retry-after': 'soon' }, { status: 503, retryAfterMs: null }],
  ])('that is answered by %d %j is told so, and follows nobody', async (status, headers, told) => {
    answer = (_req, res) => res.writeHead(status, headers).end();
    expect(await open()(outgoing())).toMatchObject(told);
  });

  it('keeps the beginning of a long answer, and reads no endless one', async () => {
    answer = (_req, res) => {
      res.writeHead(200);
      const more = () => {
        while (!res.destroyed && res.write('x'.repeat(16_384)));
      };
      res.on('drain', more);
      more();
    };
    const { status, answer: kept } = await open()(outgoing());
    expect([status, kept?.length]).toEqual([200, 2048]);
  });

  it('that nobody answers ends in time', async () => {
    answer = () => {};
    expect(await open(200)(outgoing())).toMatchObject({ status: null, error: 'no answer within 0.2 s' });
  });

  it('whose connection breaks says so', async () => {
    answer = (req) => req.socket.destroy();
    expect(await open()(outgoing())).toMatchObject({
      status: null,
      error: expect.stringMatching(/hang up|ECONNRESET/),
    });
  });

  it('never goes to this machine or its neighbours unless that is allowed', async () => {
    let reached = 0;
    answer = (_req, res) => {
      reached += 1;
      res.end();
    };
    const closed = createSender({ allowNetworks: [], timeoutMs: 5000 });
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0']) {
      const told = await closed({ ...outgoing(), url: url.replace('127.0.0.1', host) });
      expect([host, told.status]).toEqual([host, null]);
    }
    expect(reached).toBe(0);
  });
});
