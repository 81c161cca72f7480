import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { COMMAND, createWebhooks, newSecretKey, reactTo, readSecretKeys } from '@spiderhub/core';
import { createReactionStore, createSealedStore, createWebhookStore } from '@spiderhub/db';
import { createTestDatabase, eventsTold, eventually, type TestDatabase } from '@spiderhub/testkit';
import { Webhook as Verifier } from 'standardwebhooks';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { makeTeam } from '../../support/team.ts';

jest.setTimeout(300_000);

const EVENTS = Number(process.env.WEBHOOK_EVENTS ?? 250);
const KILLS = 4;
/** What a killed process had under way is sent by another one after so long, ms. */
const LEASE_MS = 1500;

const key = newSecretKey();
let db: TestDatabase;
let receiver: Receiver;
let secret: string;
let project: number;
const living = new Set<ChildProcess>();

beforeAll(async () => {
  db = await createTestDatabase();
  receiver = await startReceiver();
  ({ project } = await makeTeam(db.database));
  const service = createWebhooks({
    store: createWebhookStore(db.database),
    sealing: createSealedStore(db.database),
    keysOf: async () => readSecretKeys(key) ?? [],
  });
  const plan = { url: receiver.url, description: '', types: [], spiders: [], hasTag: [] };
  ({ secret } = await service.create(COMMAND, project, plan));
  await eventsTold(db.database);
  await createReactionStore(db.database).react(1, reactTo);
});
afterAll(async () => {
  for (const child of living) child.kill('SIGKILL');
  await receiver.close();
  await db.close();
});

async function start(): Promise<ChildProcess> {
  const args = [db.url, key, String(LEASE_MS)];
  const child = fork(join(__dirname, 'deliver-for-ever.mjs'), args, { execArgv: [] });
  living.add(child);
  child.once('exit', () => living.delete(child));
  await once(child, 'message');
  return child;
}

it('processes and connections that are killed in the middle of deliveries lose none, and repeat only under the same id', async () => {
  await db.database.raw(
    `insert into events (project_id, type, data) select :project, 'project.reported', n::text
    from generate_series(1, :events::int) n`,
    { project, events: EVENTS },
  );
  receiver.behave((_received, response, nth) => {
    // Every fifth message comes in vain the first time.
    const answer = () => response.writeHead(nth % 5 === 0 ? 500 : 204).end();
    setTimeout(answer, 5);
  });
  for (let kill = 0; kill < KILLS; kill += 1) {
    const [one, other] = await Promise.all([start(), start()]);
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 200));
    // As Postgres does when it is restarted.
    await db.database.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5`,
    );
    one.kill('SIGKILL');
    other.kill('SIGKILL');
  }
  await start();
  const left = async () => {
    // Nobody waits for the pauses between tries.
    await db
      .database('webhook_deliveries')
      .where({ state: 'waiting', lease_until: null })
      .update({ next_at: db.database.fn.now() });
    const { rows } = await db.database.raw<{ rows: [{ made: number; left: number }] }>(
      `select count(*)::int as made, count(*) filter (where state <> 'delivered')::int as left from webhook_deliveries`,
    );
    return rows[0];
  };
  await eventually(async () => expect(await left()).toEqual({ made: EVENTS, left: 0 }), {
    timeoutMs: 200_000,
    everyMs: 300,
  });
  const byId = new Map<string, Set<string>>();
  for (const { body, headers } of receiver.received) {
    const { data } = new Verifier(secret).verify(body, headers) as { data: { reported: number } };
    const id = headers['webhook-id'] as string;
    byId.set(id, (byId.get(id) ?? new Set()).add(String(data.reported)));
  }
  expect(byId.size).toBe(EVENTS);
  expect(new Set([...byId.values()].flatMap((texts) => [...texts])).size).toBe(EVENTS);
});
