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
import { createTestDatabase, eventsTold, eventually, type TestDatabase } from '@spiderhub/testkit';
import { createDeliverer, type Deliverer } from '../../../apps/worker/src/webhooks/deliverer.ts';
import { createSender } from '../../../apps/worker/src/webhooks/send.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const keys = readSecretKeys(newSecretKey());
const keysOf: SecretKeys = async () => keys ?? [];
const log = createLogger({ name: 'test', level: 'silent' });

/** For a file of tests: a database with a team, a receiver of their own for each test, and what sends to it. */
export function webhookStage() {
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
    createWebhooks({
      store: createWebhookStore(db.database),
      sealing: createSealedStore(db.database),
      keysOf,
    });

  async function hook(more: object = {}): Promise<{ webhook: Webhook; secret: string }> {
    const plan = { url: receiver.url, description: '', types: [], spiders: [], hasTag: [], ...more };
    return service().create(COMMAND, team.project, plan);
  }

  /** What the leader does, until nothing is left. */
  async function react(): Promise<number> {
    let deliveries = 0;
    await eventsTold(db.database);
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
    const underWay = db
      .database('webhook_deliveries')
      .where({ state: 'waiting' })
      .whereNotNull('lease_until');
    await eventually(async () => expect(await underWay.clone()).toEqual([]));
    await db
      .database('webhook_deliveries')
      .where({ state: 'waiting' })
      .update({ next_at: db.database.fn.now() });
    for (const one of running) one.soon();
  }

  async function eventTypes(): Promise<string[]> {
    await eventsTold(db.database);
    const page = await createEventLog(db.database).read(await createEventLog(db.database).beginning(), 1000, {
      projects: [team.project],
    });
    return page.events.map(({ type }) => type);
  }

  return {
    get db() {
      return db;
    },
    get team() {
      return team;
    },
    get receiver() {
      return receiver;
    },
    running,
    service,
    hook,
    react,
    deliver,
    run,
    deliveries,
    hurry,
    eventTypes,
  };
}
