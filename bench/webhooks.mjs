// How long messages wait for their receivers while two of these are dead.
//
//   node bench/webhooks.mjs [--events 100000] [--endpoints 20] [--dead 2] [--rate 400] [--senders 2]
//
// Works on a database of its own, with the leader's own task and the workers' own senders. Events are written at a steady rate, in
// turn for each endpoint's project. Prints how long messages of the living waited from their commit to their receiver, and
// whether any was lost or came under two ids.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from './support/figures.mjs';
import { besideServers, CHECKOUT } from './support/service.mjs';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    endpoints: { type: 'string', default: '20' },
    dead: { type: 'string', default: '2' },
    rate: { type: 'string', default: '400' },
    senders: { type: 'string', default: '2' },
  },
});
const { events, endpoints, dead, rate, senders } = Object.fromEntries(
  Object.entries(values).map(([name, text]) => [name, Number(text)]),
);
const BATCH_MS = 50;
const LATE_MS = 120_000;

await besideServers(async () => {
  const load = createRequire(import.meta.url);
  const built = (name, file = 'index') => load(join(CHECKOUT, name, `dist/${file}.js`));
  const { createTestDatabase, makeTeam } = built('packages/testkit');
  const { createReactionStore, createDeliveryStore, createWebhookStore, createSealedStore } =
    built('packages/db');
  const { COMMAND, createWebhooks, newSecretKey, reactTo, readSecretKeys } = built('packages/core');
  const { createLogger } = built('packages/platform');
  const { createDeliverer } = built('apps/worker', 'webhooks/deliverer');
  const { createSender } = built('apps/worker', 'webhooks/send');
  const keys = readSecretKeys(newSecretKey());
  const keysOf = async () => keys;
  const db = await createTestDatabase();
  const log = createLogger({ name: 'bench', level: 'warn' });
  const seen = new Map();
  const waits = [];
  let repeats = 0;
  const receiver = createServer((request, response) => {
    if (request.url === '/dead') return;
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      const { timestamp, data } = JSON.parse(body);
      if (seen.has(data.reported))
        repeats += seen.get(data.reported) === request.headers['webhook-id'] ? 1 : 1e9;
      else waits.push(Date.now() - Date.parse(timestamp));
      seen.set(data.reported, request.headers['webhook-id']);
      response.writeHead(204).end();
    });
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${receiver.address().port}`;
  const store = createReactionStore(db.database);
  const send = createSender({ allowNetworks: ['127.0.0.0/8'] });
  const running = [];
  let isOver = false;
  try {
    const webhooks = createWebhooks({
      store: createWebhookStore(db.database),
      sealing: createSealedStore(db.database),
      keysOf,
    });
    const projects = [];
    for (let n = 0; n < endpoints; n += 1) {
      const { project } = await makeTeam(db.database, `team-${n}`);
      projects.push(project);
      const plan = { description: '', types: [], spiders: [], hasTag: [] };
      await webhooks.create(COMMAND, project, { url: `${at}/${n < dead ? 'dead' : 'alive'}`, ...plan });
    }
    await store.react(1000, reactTo);
    for (let n = 0; n < senders; n += 1) {
      const one = createDeliverer({ store: createDeliveryStore(db.database), send, keysOf, log });
      await one.start();
      running.push(one);
    }
    const reacting = (async () => {
      while (!isOver) {
        const done = await store.react(500, reactTo);
        if (done.deliveries > 0) for (const one of running) one.soon();
        if (!done.more) await sleep(300);
      }
    })();
    const from = performance.now();
    let written = 0;
    while (written < events) {
      const due = Math.min(events, Math.floor(((performance.now() - from) / 1000) * rate));
      if (due > written) {
        await db.database.raw(
          `insert into events (project_id, type, data)
          select (:projects::int[])[1 + n % :endpoints::int], 'project.reported', n::text
          from generate_series(:first::int, :last::int) n`,
          { projects, endpoints, first: written, last: due - 1 },
        );
        written = due;
      }
      await sleep(BATCH_MS);
    }
    const wrote = (performance.now() - from) / 1000;
    const expected = Array.from({ length: events }, (_, n) => n).filter((n) => n % endpoints >= dead).length;
    const until = performance.now() + LATE_MS;
    while (seen.size < expected && performance.now() < until) await sleep(100);
    const took = (performance.now() - from) / 1000;
    isOver = true;
    await reacting;
    console.log(
      `${events} events to ${endpoints} endpoints of which ${dead} are dead, written in ${wrote.toFixed(0)} s (${Math.round(events / wrote)}/s), delivered in ${took.toFixed(0)} s`,
    );
    const [p50, p99] = [percentile(waits, 0.5), percentile(waits, 0.99)];
    console.log(
      `wait from commit to receiver, ms: p50 ${p50}, p99 ${p99}, most ${Math.max(...waits)}; target: p99 5000`,
    );
    console.log(`lost: ${expected - seen.size}, repeated under the same id: ${repeats}`);
  } finally {
    isOver = true;
    receiver.closeAllConnections();
    receiver.close();
    for (const one of running) await one.stop(AbortSignal.timeout(5000));
    await db.close();
  }
});
