// Fires what is due until it is killed. Arguments: the address of a database, periodic jobs of one transaction.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const load = createRequire(import.meta.url);
const built = (name) => load(resolve(import.meta.dirname, '../../../packages', name, 'dist/index.js'));
const { createDatabase, createPeriodicStore } = built('db');
const { decide } = built('core');

const [, , url, batch] = process.argv;
const cron = built('cron').createCron();
const rules = { cron, uniqueKey: ({ spider }) => spider };
const store = createPeriodicStore(createDatabase(url), cron.zoneRules);

process.send('ready');
for (;;) {
  await store.fireDue(Number(batch), (...due) => decide(...due, rules)).catch(() => {});
}
