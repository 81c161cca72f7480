import type { ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { createDeliveryStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { makeTeam } from '../../support/team.ts';
import { webhookStage } from './stage.ts';

/** How long somebody who does not answer is waited for, ms: less than a lease. */
const PATIENCE_MS = 25_000;

const stage = webhookStage();
const { hook, react, deliver, run, deliveries } = stage;

describe('receivers that behave badly', () => {
  it.each<[string, Parameters<Receiver['behave']>[0], object]>([
    [
      'answers 10 MB',
      (_r, response) => response.writeHead(200).end('x'.repeat(10_000_000)),
      { state: 'delivered', status: 200 },
    ],
    [
      'closes after its headers',
      (_r, response) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('x');
        setTimeout(() => response.destroy(), 20);
      },
      { state: 'delivered', status: 200 },
    ],
    [
      'closes without a word',
      (_r, response) => response.destroy(),
      { state: 'waiting', status: null, error: expect.stringContaining('socket hang up') },
    ],
    [
      'speaks another protocol from now on',
      (_r, response) =>
        response.socket?.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
        ),
      { state: 'waiting', status: null, error: 'the connection ended without an answer' },
    ],
    ['says nothing for ever', () => {}, { state: 'waiting', error: 'no answer within 0.5 s' }],
    [
      'sends elsewhere',
      (received, response) =>
        response.writeHead(302, { Location: received.path === '/hook' ? '/inside' : '/hook' }).end(),
      { state: 'waiting', status: 302 },
    ],
    [
      'holds a NUL',
      (_r, response) => response.writeHead(500).end('a\0b'),
      { state: 'waiting', answer: 'a\ufffdb' },
    ],
  ])('%s', async (name, behaviour, expected) => {
    const { webhook } = await hook();
    stage.receiver.behave(behaviour);
    await run();
    await react();
    // Who says nothing at all is waited for in vain.
    await deliver(name.startsWith('says nothing') ? { timeoutMs: 500 } : {});
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([{ tries: 1, ...expected }]),
    );
    expect(stage.receiver.received.map(({ path }) => path)).toEqual(['/hook']);
    expect((await deliveries(webhook))[0]?.answer?.length ?? 0).toBeLessThanOrEqual(2048);
  });

  it('are never sent more than four messages at once, and a dead one keeps no other waiting', async () => {
    const dead = await startReceiver();
    try {
      dead.behave(() => {});
      const silent = await hook({ url: dead.url });
      const { webhook } = await hook();
      for (let n = 0; n < 30; n += 1) await run(n % 2 ? 'a' : 'b', { uniqueKey: null });
      await react();
      stage.receiver.behave((_r, response) => setTimeout(() => response.writeHead(204).end(), 10));
      await Promise.all([deliver(), deliver()]);
      await eventually(async () => {
        const states = (await deliveries(webhook)).map(({ state }) => state);
        expect(states.filter((state) => state === 'delivered')).toHaveLength(30);
      });
      expect((await deliveries(silent.webhook)).every(({ state }) => state === 'waiting')).toBe(true);
      expect(dead.most).toBeLessThanOrEqual(8);
      expect(dead.most).toBeGreaterThan(0);
    } finally {
      await dead.close();
    }
  });
});

it('go out at once, however many endpoints of others do not answer', async () => {
  const dead = await startReceiver();
  try {
    dead.behave(() => {});
    const other = await makeTeam(stage.db.database, `team-${Math.random()}`);
    await stage.db.database.raw(
      `with made as (
        insert into webhooks (project_id, url, description, types, spiders, has_tag, created_by, failing_since)
        select :project, :url, '', '{}', '{}', '{}', 'test', now() - interval '1 minute' from generate_series(1, 100) returning id)
      , message as (insert into webhook_messages (id, project_id, type, body) values ('dead', :project, 'x', '{}') returning id)
      insert into webhook_deliveries (webhook_id, message_id) select made.id, message.id from made, message`,
      { project: other.project, url: dead.url },
    );
    await deliver({ timeoutMs: PATIENCE_MS });
    await eventually(() => expect(dead.received).toHaveLength(32));
    await hook();
    await run();
    await react();
    // Before anybody gives those up who do not answer.
    await eventually(() => expect(stage.receiver.received).toHaveLength(1), { timeoutMs: PATIENCE_MS / 2 });
    expect(dead.received).toHaveLength(32);
  } finally {
    await dead.close();
  }
});

it('go out four at a time to an endpoint that has just failed, and one at a time to one that has failed for a while', async () => {
  const { webhook } = await hook();
  for (let n = 0; n < 10; n += 1) await run('a', { uniqueKey: null });
  await react();
  const store = createDeliveryStore(stage.db.database);
  const claim = () => store.claim({ limit: 10, failing: 10, each: 4, tenant: 64, leaseMs: 60_000 });
  const failed = { status: 500, error: 'answered 500', answer: null, retryAfterMs: null };
  /** Its try took so long, ms. */
  const fail = (due: { endpoint: number; message: string; tries: number }, durationMs: number) =>
    store.settle(
      [{ ...due, attempted: { ...failed, durationMs }, verdict: { state: 'waiting', afterMs: 1e6 } }],
      1e9,
    );
  const first = await claim();
  expect(first.map(({ isFailing }) => isFailing)).toEqual([false, false, false, false]);
  for (const due of first) await fail(due, 3);
  const [slow, ...others] = await claim();
  expect(others.map(({ isFailing }) => isFailing)).toEqual([false, false, false]);
  for (const due of others) await fail(due, 3);
  await stage.db.database('webhooks').where({ id: webhook.id }).update({ failing_since: null });
  // Since its beginning nobody heard anything: that is a while.
  await fail(slow as NonNullable<typeof slow>, 10_000);
  expect((await claim()).map(({ isFailing }) => isFailing)).toEqual([true]);
  expect(await claim()).toEqual([]);
});

it('go out at once, however many endpoints of another organisation take their time', async () => {
  const slow = await startReceiver();
  try {
    // Each is delivered in the end, so that none of them counts as failing.
    const held: ServerResponse[] = [];
    slow.behave((_r, response) => held.push(response));
    const other = await makeTeam(stage.db.database, `team-${Math.random()}`);
    await stage.db.database.raw(
      `with made as (
        insert into webhooks (project_id, url, description, types, spiders, has_tag, created_by)
        select :project, :url, '', '{}', '{}', '{}', 'test' from generate_series(1, 100) returning id)
      , message as (
        insert into webhook_messages (id, project_id, type, body) select 'slow' || n, :project, 'x', '{}' from generate_series(1, 4) n returning id)
      insert into webhook_deliveries (webhook_id, message_id) select made.id, message.id from made, message`,
      { project: other.project, url: slow.url },
    );
    await deliver({ timeoutMs: PATIENCE_MS });
    await eventually(() => expect(slow.received).toHaveLength(64));
    await hook();
    await run();
    await react();
    await eventually(() => expect(stage.receiver.received).toHaveLength(1), { timeoutMs: PATIENCE_MS / 2 });
    expect(slow.received).toHaveLength(64);
    slow.behave((_r, response) => response.writeHead(200).end());
    for (const response of held) response.writeHead(200).end();
    const waiting = stage.db.database('webhook_deliveries').where({ state: 'waiting' });
    await eventually(async () => expect(await waiting.clone()).toEqual([]));
    expect(slow.most).toBeLessThanOrEqual(64);
  } finally {
    await slow.close();
  }
});

describe('addresses that are not public', () => {
  const port = () => new URL(stage.receiver.url).port;

  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '[fe80::1]',
    '[fc00::1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ])('%s is refused, and says so', async (host) => {
    const { webhook } = await hook({ url: `http://${host}:${port()}/` });
    await run();
    await react();
    await deliver({ allowNetworks: [], timeoutMs: 2000 });
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([
        {
          tries: 1,
          status: null,
          error: expect.stringMatching(/^\S+ is not allowed: it is no public address$/),
        },
      ]),
    );
    expect(stage.receiver.received).toEqual([]);
  });

  it('is what a socket really connects to, whatever a name stood for before', async () => {
    const asked: string[] = [];
    const lookup: LookupFunction = (host, options, done) => {
      asked.push(host);
      if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    };
    const { webhook } = await hook({ url: `http://rebound.example:${port()}/` });
    await run();
    await react();
    await deliver({ allowNetworks: [], lookup });
    await eventually(async () =>
      expect((await deliveries(webhook))[0]?.error).toMatch(/is not allowed: it is no public address$/),
    );
    expect(asked).toEqual(['rebound.example']);
    expect(stage.receiver.received).toEqual([]);
  });
});
