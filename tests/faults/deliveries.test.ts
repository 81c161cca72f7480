import { setTimeout as delay } from 'node:timers/promises';
import { FAULTS } from './harness/faults.ts';
import { startListener } from './harness/listener.ts';
import { createRandom } from './harness/random.ts';
import { type System, startSystem } from './harness/system.ts';

/** Short by itself; `npm run test:deliveries` asks for 10,000, or for as many as it is told. */
const ASKED = process.env.DELIVERIES;
const EVENTS = ASKED === undefined ? 350 : Number(ASKED) || 10_000;
const LEASE_SECONDS = 6;
const BATCH = 10;
/** One of the workers leads, so that killing both of them kills the leader, too. */
const BREAKS = [
  'kill -9 of a worker',
  'kill -9 of an API process',
  'FLUSHALL',
  'kill -9 of Postgres',
  'kill -9 of both workers',
  'kill -9 of Redis',
  'connections cut',
];

jest.setTimeout(1_200_000);

it('everything that happened reaches a webhook, and again only under the same id, whatever is killed meanwhile', async () => {
  const random = createRandom(Number(process.env.CHAOS_SEED ?? 7));
  const checkout = process.env.CHAOS_CHECKOUT;
  const system = await startSystem({ leaseSeconds: LEASE_SECONDS, slots: 1, ...(checkout && { checkout }) });
  try {
    const listener = await startListener(system, random);
    const from = performance.now();
    let taken = 0;
    for (const name of BREAKS) {
      const reporting = report(system, Math.ceil(EVENTS / BREAKS.length), taken);
      await delay(random.between(100, 900));
      await FAULTS.find((fault) => fault.name === name)?.act(system, random, LEASE_SECONDS * 1000);
      taken += await reporting;
    }
    await listener.end(600_000);
    const seconds = Math.round((performance.now() - from) / 1000);
    process.stderr.write(`${JSON.stringify({ taken, seconds, ...listener.figures() })}\n`);
    expect(await listener.judge()).toEqual([]);
    expect(taken).toBeGreaterThanOrEqual(EVENTS);
    // What was taken is in the event log, and all of that was delivered.
    const { rows } = await system.database.raw<{ rows: [{ n: number }] }>(
      `select count(distinct data)::int as n from events where type = 'project.reported'`,
    );
    expect(rows[0].n).toBe(taken);
    expect(listener.figures().deliveries).toBeGreaterThanOrEqual(taken);
    for (const member of system.members) expect(member.crashes).toEqual([]);
  } finally {
    await system.stop();
  }
});

/** Tells the service of so many things, each until it says that it has taken it. */
async function report({ team, ...system }: System, count: number, first: number): Promise<number> {
  let taken = 0;
  while (taken < count) {
    const lines = Array.from({ length: Math.min(BATCH, count - taken) }, (_, n) =>
      JSON.stringify({ event: 'told', n: first + taken + n }),
    );
    const answer = await system
      .json(`/storage/activity/${team.project}`, lines.join('\n'), 'POST', (taken / BATCH) % 2)
      .catch(() => null);
    if (answer?.ok) taken += lines.length;
    else await delay(200);
  }
  return taken;
}
