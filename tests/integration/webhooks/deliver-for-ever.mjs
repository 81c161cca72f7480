// A process that is killed at any moment: the leader's look at the event log, and a worker's sending. Says 'ready' and goes on.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const load = createRequire(import.meta.url);
const built = (name) => load(join(import.meta.dirname, '../../..', `${name}.js`));
const { reactTo, readSecretKeys } = built('packages/core/dist/index');
const { createDatabase, createDeliveryStore, createReactionStore } = built('packages/db/dist/index');
const { createLogger } = built('packages/platform/dist/index');
const { createDeliverer } = built('apps/worker/dist/webhooks/deliverer');
const { createSender } = built('apps/worker/dist/webhooks/send');

const [url, key, leaseMs] = process.argv.slice(2);
const database = createDatabase(url);
const keys = readSecretKeys(key);
const deliverer = createDeliverer({
  store: createDeliveryStore(database),
  send: createSender({ allowNetworks: ['127.0.0.0/8'] }),
  keysOf: async () => keys,
  log: createLogger({ name: 'test', level: 'silent' }),
  leaseMs: Number(leaseMs),
});
await deliverer.start();
const reactions = createReactionStore(database);
process.send('ready');
for (;;) {
  const done = await reactions.react(50, reactTo).catch(() => ({ more: false }));
  if (!done.more) await new Promise((resolve) => setTimeout(resolve, 50));
}
