import type { LookupFunction } from 'node:net';
import {
  COMMAND,
  createWebhooks,
  newSecretKey,
  reactTo,
  readSecretKeys,
  type SecretKeys,
  type Webhook,
} from '@spiderhub/core';
import {
  createDeliveryStore,
  createEventLog,
  createJobStore,
  createReactionStore,
  createSealedStore,
  createWebhookStore,
} from '@spiderhub/db';
import { createLogger } from '@spiderhub/platform';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { Webhook as Verifier } from 'standardwebhooks';
import { createDeliverer, type Deliverer } from '../../../apps/worker/src/webhooks/deliverer.ts';
import { createSender } from '../../../apps/worker/src/webhooks/send.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const keys = readSecretKeys(newSecretKey());
const keysOf: SecretKeys = async () => keys ?? [];
const log = createLogger({ name: 'test', level: 'silent' });

let db: TestDatabase;
let team: Team;
let receiver: Receiver;
const running: Deliverer[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.database('webhook_messages').delete();
  await db.database('webhooks').delete();
  team = await makeTeam(db.database, `team-${Math.random()}`);
  receiver = await startReceiver();
  // The first look of all begins at the end.
  await react();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop(AbortSignal.timeout(5000));
  await receiver.close();
});
afterAll(() => db.close());

const service = () =>
  createWebhooks({ store: createWebhookStore(db.database), sealing: createSealedStore(db.database), keysOf });

async function hook(more: object = {}): Promise<{ webhook: Webhook; secret: string }> {
  const plan = { url: receiver.url, description: '', types: [], spiders: [], hasTag: [], ...more };
  return service().create(COMMAND, team.project, plan);
}

/** What the leader does, until nothing is left. */
async function react(): Promise<number> {
  let deliveries = 0;
  for (let more = true; more; ) {
    const done = await createReactionStore(db.database).react(100, reactTo);
    deliveries += done.deliveries;
    more = done.more;
  }
  return deliveries;
}

async function deliver(
  options: { allowNetworks?: string[]; timeoutMs?: number; lookup?: LookupFunction } = {},
): Promise<Deliverer> {
  const send = createSender({ allowNetworks: ['127.0.0.0/8'], ...options });
  const one = createDeliverer({ store: createDeliveryStore(db.database), send, keysOf, log });
  running.push(one);
  await one.start();
  return one;
}

async function run(spider = 'a', more: object = {}): Promise<void> {
  await createJobStore(db.database).schedule([scheduleRequest(team.project, spider, more)]);
}

async function deliveries({ id }: Webhook) {
  return service().deliveries(team.project, id, { before: null, limit: 200 });
}

/** As if the pause before the next try was over. */
async function hurry(): Promise<void> {
  // The end of a try that is under way would set the pause anew.
  const underWay = db.database('webhook_deliveries').where({ state: 'waiting' }).whereNotNull('lease_until');
  await eventually(async () => expect(await underWay.clone()).toEqual([]));
  await db
    .database('webhook_deliveries')
    .where({ state: 'waiting' })
    .update({ next_at: db.database.fn.now() });
  for (const one of running) one.soon();
}

async function eventTypes(): Promise<string[]> {
  const page = await createEventLog(db.database).read(await createEventLog(db.database).beginning(), 1000, {
    projects: [team.project],
  });
  return page.events.map(({ type }) => type);
}

describe('a webhook', () => {
  it('for everything hears nothing of tags, which its receiver may have set; one that asks for them does', async () => {
    await hook();
    const asks = await hook({ types: ['job.tagged'], spiders: ['a'] });
    await run();
    expect(await react()).toBe(1);
    const change = { add: ['consumed'], remove: [] };
    await createJobStore(db.database).changeTags({ project: team.project }, change, COMMAND);
    expect(await react()).toBe(1);
    expect(await deliveries(asks.webhook)).toHaveLength(1);
  });

  it('is verified by a library of others, says what happened, and nothing that was given in confidence', async () => {
    const { webhook, secret } = await hook();
    await run('a', { tags: ['nightly'], args: { password: 'hunter2' }, settings: { TOKEN: '"hunter2"' } });
    expect(await react()).toBe(1);
    await deliver();
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const [{ body, headers }] = receiver.received as [(typeof receiver.received)[0]];
    expect(new Verifier(secret).verify(body, headers)).toEqual({
      type: 'job.scheduled',
      timestamp: expect.stringMatching(/Z$/),
      data: {
        project: team.project,
        job: `${team.project}/1/1`,
        actor: 'test',
        spider: 'a',
        state: 'pending',
        close_reason: null,
        attempt: 0,
        version: null,
        tags: ['nightly'],
        counts: { items: 0, pages: 0, logs: 0, errors: 0 },
        scheduled_by: 'test',
        duration_seconds: null,
      },
    });
    expect(body).not.toContain('hunter2');
    expect(() => new Verifier(secret).verify(body.replace('nightly', 'daily'), headers)).toThrow();
    const old = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) };
    expect(() => new Verifier(secret).verify(body, old)).toThrow();
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([
        { state: 'delivered', tries: 1, status: 204, error: null, nextAt: null, type: 'job.scheduled' },
      ]),
    );
  });

  it('hears of the types, spiders and tags that it asked for, and of its own project', async () => {
    const all = await hook();
    const some = await hook({ types: ['job.scheduled'], spiders: ['b'], hasTag: ['x', 'y'] });
    const others = await makeTeam(db.database, `others-${Math.random()}`);
    await createJobStore(db.database).schedule([scheduleRequest(others.project, 'b', { tags: ['x'] })]);
    await run('a', { tags: ['x'] });
    await run('b');
    await run('b', { tags: ['y'] });
    expect(await react()).toBe(4);
    expect(await deliveries(all.webhook)).toHaveLength(3);
    expect(await deliveries(some.webhook)).toHaveLength(1);
  });

  it('is signed by both secrets while one is changed, and by the new one alone when that is over', async () => {
    const { webhook, secret } = await hook();
    const { secret: next } = await service().rotate(COMMAND, team.project, webhook.id);
    await service().test(COMMAND, team.project, webhook.id);
    await deliver();
    await eventually(() => expect(receiver.received).toHaveLength(1));
    for (const one of [secret, next])
      expect(
        new Verifier(one).verify(receiver.received[0]?.body ?? '', receiver.received[0]?.headers ?? {}),
      ).toMatchObject({ type: 'webhook.test' });
    await db
      .database('webhook_secrets')
      .whereNotNull('until')
      .update({ until: db.database.raw("now() - interval '1 s'") });
    await service().test(COMMAND, team.project, webhook.id);
    running[0]?.soon();
    await eventually(() => expect(receiver.received).toHaveLength(2));
    const { body, headers } = receiver.received[1] as (typeof receiver.received)[0];
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(() => new Verifier(secret).verify(body, headers)).toThrow();
    new Verifier(next).verify(body, headers);
    // Nothing of a secret lies in the database as it is.
    const stored = JSON.stringify(await db.database('webhook_secrets').select('*'));
    expect(stored).not.toContain(next.slice(6));
  });

  it('comes again, with the same id and a new time, until it is taken', async () => {
    const { webhook, secret } = await hook();
    receiver.behave((_received, response, nth) => response.writeHead(nth < 3 ? 500 : 200).end('so what'));
    await run();
    await react();
    await deliver();
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([
        { state: 'waiting', tries: 1, status: 500, error: 'answered 500', answer: 'so what' },
      ]),
    );
    const [{ nextAt, triedAt }] = (await deliveries(webhook)) as unknown as [{ nextAt: Date; triedAt: Date }];
    const pause = nextAt.getTime() - triedAt.getTime();
    expect(pause).toBeGreaterThan(3500);
    expect(pause).toBeLessThan(6500);
    expect((await service().find(team.project, webhook.id)).failingSince).not.toBeNull();
    for (let tries = 2; tries <= 3; tries += 1) {
      await hurry();
      await eventually(async () => expect((await deliveries(webhook))[0]?.tries).toBe(tries));
    }
    await eventually(async () => expect((await deliveries(webhook))[0]?.state).toBe('delivered'));
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const { body, headers } of receiver.received) new Verifier(secret).verify(body, headers);
    expect((await service().find(team.project, webhook.id)).failingSince).toBeNull();
  });

  it('is disabled when its receiver says that it is gone, and after five days of failures; the log tells of it', async () => {
    const gone = await hook();
    receiver.behave((_received, response) => response.writeHead(410).end());
    await run();
    await react();
    await deliver();
    await eventually(async () =>
      expect(await service().find(team.project, gone.webhook.id)).toMatchObject({
        disabledWhy: 'it answered 410: gone',
      }),
    );
    expect(await eventTypes()).toContain('webhook.disabled');
    await run();
    // Nothing is made for one that is disabled.
    const tired = await hook();
    await react();
    await eventually(async () => expect((await deliveries(tired.webhook)).length).toBeGreaterThan(0));
    expect(await deliveries(gone.webhook)).toHaveLength(1);
    receiver.behave((_received, response) => response.writeHead(500).end());
    const enabled = await service().change(COMMAND, team.project, tired.webhook.id, { isDisabled: false });
    expect(enabled).toMatchObject({ disabledAt: null, failingSince: null });
    await run();
    await react();
    await db
      .database('webhooks')
      .where({ id: tired.webhook.id })
      .update({ failing_since: db.database.raw("now() - interval '5 days 1 minute'") });
    await hurry();
    await eventually(async () =>
      expect((await service().find(team.project, tired.webhook.id)).disabledWhy).toMatch(
        /^every try has failed since/,
      ),
    );
  });

  it('waits as long as its receiver asks with 429', async () => {
    const { webhook } = await hook();
    receiver.behave((_received, response) => response.writeHead(429, { 'Retry-After': '3600' }).end());
    await run();
    await react();
    await deliver();
    await eventually(async () => expect(await deliveries(webhook)).toMatchObject([{ status: 429 }]));
    const [{ nextAt, triedAt }] = (await deliveries(webhook)) as unknown as [{ nextAt: Date; triedAt: Date }];
    expect(nextAt.getTime() - triedAt.getTime()).toBeGreaterThanOrEqual(3_599_000);
  });

  it('is replayed with its id: one, or those of a span of time that failed', async () => {
    const { webhook } = await hook();
    await run();
    await run('b');
    await react();
    await deliver();
    await eventually(() => expect(receiver.received).toHaveLength(2));
    await eventually(async () =>
      expect((await deliveries(webhook)).map(({ state }) => state)).toEqual(['delivered', 'delivered']),
    );
    const [first, second] = await deliveries(webhook);
    expect(await service().replay(COMMAND, team.project, webhook.id, { message: first?.message })).toBe(1);
    running[0]?.soon();
    await eventually(() => expect(receiver.received).toHaveLength(3));
    expect(receiver.received[2]?.headers['webhook-id']).toBe(first?.message);
    await db
      .database('webhook_deliveries')
      .where({ message_id: second?.message })
      .update({ state: 'failed' });
    expect(
      await service().replay(COMMAND, team.project, webhook.id, { since: new Date(0), states: ['failed'] }),
    ).toBe(1);
    running[0]?.soon();
    await eventually(() => expect(receiver.received).toHaveLength(4));
    expect(receiver.received[3]?.headers['webhook-id']).toBe(second?.message);
  });
});

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
  ])('%s', async (_name, behaviour, expected) => {
    const { webhook } = await hook();
    receiver.behave(behaviour);
    await run();
    await react();
    await deliver({ timeoutMs: 500 });
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([{ tries: 1, ...expected }]),
    );
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
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
      receiver.behave((_r, response) => setTimeout(() => response.writeHead(204).end(), 10));
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
    const other = await makeTeam(db.database, `team-${Math.random()}`);
    await db.database.raw(
      `with made as (
        insert into webhooks (project_id, url, description, types, spiders, has_tag, created_by, failing_since)
        select :project, :url, '', '{}', '{}', '{}', 'test', now() - interval '1 minute' from generate_series(1, 100) returning id)
      , message as (insert into webhook_messages (id, project_id, type, body) values ('dead', :project, 'x', '{}') returning id)
      insert into webhook_deliveries (webhook_id, message_id) select made.id, message.id from made, message`,
      { project: other.project, url: dead.url },
    );
    await deliver();
    await eventually(() => expect(dead.received).toHaveLength(32));
    await hook();
    await run();
    await react();
    await eventually(() => expect(receiver.received).toHaveLength(1), { timeoutMs: 4000 });
    expect(dead.received).toHaveLength(32);
  } finally {
    await dead.close();
  }
});

it('go out four at a time to an endpoint that has just failed, and one at a time to one that has failed for a while', async () => {
  const { webhook } = await hook();
  for (let n = 0; n < 10; n += 1) await run('a', { uniqueKey: null });
  await react();
  const store = createDeliveryStore(db.database);
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
  await db.database('webhooks').where({ id: webhook.id }).update({ failing_since: null });
  // Since its beginning nobody heard anything: that is a while.
  await fail(slow as NonNullable<typeof slow>, 10_000);
  expect((await claim()).map(({ isFailing }) => isFailing)).toEqual([true]);
  expect(await claim()).toEqual([]);
});

it('go out at once, however many endpoints of another organisation take their time', async () => {
  const slow = await startReceiver();
  try {
    // Each is delivered in the end, so that none of them counts as failing.
    slow.behave((_r, response) => setTimeout(() => response.writeHead(200).end(), 4000));
    const other = await makeTeam(db.database, `team-${Math.random()}`);
    await db.database.raw(
      `with made as (
        insert into webhooks (project_id, url, description, types, spiders, has_tag, created_by)
        select :project, :url, '', '{}', '{}', '{}', 'test' from generate_series(1, 100) returning id)
      , message as (
        insert into webhook_messages (id, project_id, type, body) select 'slow' || n, :project, 'x', '{}' from generate_series(1, 4) n returning id)
      insert into webhook_deliveries (webhook_id, message_id) select made.id, message.id from made, message`,
      { project: other.project, url: slow.url },
    );
    await deliver();
    await eventually(() => expect(slow.received).toHaveLength(64));
    await hook();
    await run();
    await react();
    await eventually(() => expect(receiver.received).toHaveLength(1), { timeoutMs: 30_000 });
    expect(slow.most).toBeLessThanOrEqual(64);
  } finally {
    await slow.close();
  }
});

describe('addresses that are not public', () => {
  const port = () => new URL(receiver.url).port;

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
        { tries: 1, status: null, error: expect.stringMatching(/not allowed/) },
      ]),
    );
    expect(receiver.received).toEqual([]);
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
    await eventually(async () => expect((await deliveries(webhook))[0]?.error).toMatch(/not allowed/));
    expect(asked).toEqual(['rebound.example']);
    expect(receiver.received).toEqual([]);
  });
});

describe('whoever dies', () => {
  it('in the middle of a delivery leaves it to somebody else, under the same id', async () => {
    const { webhook } = await hook();
    await run();
    await react();
    const store = createDeliveryStore(db.database);
    const [lost] = await store.claim({ limit: 10, failing: 10, each: 4, tenant: 64, leaseMs: 300 });
    expect(lost).toBeDefined();
    expect(await store.claim({ limit: 10, failing: 10, each: 4, tenant: 64, leaseMs: 300 })).toEqual([]);
    await deliver();
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]?.headers['webhook-id']).toBe(lost?.message);
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([{ state: 'delivered', tries: 2 }]),
    );
    // Its word that comes late changes nothing.
    const attempted = { status: 500, error: 'late', durationMs: 1, answer: null, retryAfterMs: null };
    await store.settle(
      [
        {
          endpoint: webhook.id,
          message: lost?.message ?? '',
          tries: 1,
          attempted,
          verdict: { state: 'failed', gone: false },
        },
      ],
      1e9,
    );
    expect(await deliveries(webhook)).toMatchObject([{ state: 'delivered', status: 204 }]);
  });

  it('between two batches of events leaves none out and makes none twice, however many look', async () => {
    const { webhook } = await hook();
    const writing = (async () => {
      for (let n = 0; n < 60; n += 1) await run(n % 2 ? 'a' : 'b');
    })();
    let isWriting = true;
    void writing.finally(() => {
      isWriting = false;
    });
    const look = async () => {
      while (isWriting) {
        // One of three dies before its commit.
        const store = createReactionStore(db.database);
        await store
          .react(7, (batch) => {
            if (Math.random() < 0.3) throw new Error('dies');
            return reactTo(batch);
          })
          .catch(() => undefined);
      }
    };
    await Promise.all([writing, look(), look(), look()]);
    await react();
    const made = await deliveries(webhook);
    expect(made).toHaveLength(60);
    expect(new Set(made.map(({ message }) => message)).size).toBe(60);
  });

  it('and a database that was restored begins at its end', async () => {
    const { webhook } = await hook();
    await run();
    await db
      .database('secrets')
      .where({ name: 'event-log' })
      .update({ value: 'f'.repeat(64) });
    expect(await react()).toBe(0);
    await run();
    await react();
    expect((await deliveries(webhook)).length).toBe(1);
  });
});
