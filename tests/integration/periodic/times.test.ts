import {
  createPeriodicJobs,
  type Decide,
  decide,
  type PeriodicJobs,
  type PeriodicStore,
  service,
} from '@spiderhub/core';
import { createCron } from '@spiderhub/cron';
import { createPeriodicStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../support/team.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const cron = createCron();
const decision: Decide = (job, active, now) =>
  decide(job, active, now, { cron, uniqueKey: () => 'all alike' });

let db: TestDatabase;
let store: PeriodicStore;
let periodic: PeriodicJobs;
let project: number;

beforeEach(async () => {
  db = await createTestDatabase();
  project = (await makeTeam(db.database)).project;
  store = createPeriodicStore(db.database, cron.zoneRules);
  periodic = createPeriodicJobs({ store, cron });
});
afterEach(() => db.close());

async function make(expression: string, catchup: 'skip' | 'one' | 'all' = 'one'): Promise<number> {
  const task = {
    spider: 'a',
    args: {},
    command: null,
    priority: 2 as const,
    units: 1,
    settings: {},
    environment: {},
  };
  const plan = {
    cron: expression,
    timezone: 'UTC',
    overlap: 'allow' as const,
    catchup,
    jitterSeconds: 0,
    startAt: null,
    endAt: null,
    disabled: false,
    description: '',
    tags: [],
    tasks: [task],
  };
  return (await periodic.create(service('me'), project, plan)).id;
}

/** As if nobody had fired anything since then. */
async function nextAt(at: Date): Promise<void> {
  await db.database('periodic_jobs').update({ next_at: at, fire_at: at });
}

async function rows(id: number) {
  return db.database('periodic_runs').where({ periodic_id: id }).orderBy('planned_at');
}

const countJobs = async () => Number((await db.database('jobs').count({ n: '*' }))[0]?.n);
const floor = (ms: number) => new Date(Math.floor(Date.now() / ms) * ms);
/** A whole minute of a while ago: what comes every five minutes or more after it is not due before the test is over. */
const aWhileAgo = () => new Date(floor(MINUTE_MS).getTime() - MINUTE_MS);

it('starts nothing twice when the clock was set back by an hour', async () => {
  const from = aWhileAgo();
  const id = await make(`${from.getUTCMinutes() % 5}-59/5 * * * *`, 'all');
  await nextAt(new Date(from.getTime() - HOUR_MS));
  await store.fireDue(10, decision);
  expect(await countJobs()).toBe(13);
  // By the clock that was set back, all of this hour is to come once more.
  await nextAt(new Date(from.getTime() - HOUR_MS));
  await store.fireDue(10, decision);
  await nextAt(from);
  await store.fireDue(10, decision);
  expect(await countJobs()).toBe(13);
  expect(await rows(id)).toHaveLength(13);
});

it.each([
  ['skip', 0],
  ['one', 1],
  ['all', 3],
] as const)(
  'starts with `%s` so many of a daily job after three days in which nobody was there: %i',
  async (catchup, started) => {
    // Whatever time it is, today's is still to come.
    const today = new Date(floor(HOUR_MS).getTime() + 2 * HOUR_MS);
    const id = await make(`0 ${today.getUTCHours()} * * *`, catchup);
    await nextAt(new Date(today.getTime() - 3 * DAY_MS));
    await store.fireDue(10, decision);
    expect(await countJobs()).toBe(started);
    const outcomes = (await rows(id)).map(({ outcome }) => outcome as string);
    expect(outcomes.filter((outcome) => outcome === 'missed')).toHaveLength(3 - started);
    expect(outcomes.filter((outcome) => outcome === 'scheduled')).toHaveLength(started);
    expect(outcomes).toHaveLength(3);
  },
);

it('has a row for every planned time of a week, whatever came of it', async () => {
  const last = aWhileAgo();
  const id = await make(`${last.getUTCMinutes()} * * * *`);
  const first = last.getTime() - 7 * DAY_MS;
  await nextAt(new Date(first));
  await store.fireDue(10, decision);
  const planned = (await rows(id)).map(({ planned_at }) => (planned_at as Date).getTime());
  expect(planned).toEqual(Array.from({ length: 169 }, (_, n) => first + n * HOUR_MS));
});

it('keeps the row of a planned time that nobody had fired yet when somebody says "now"', async () => {
  const id = await make(`0 0 1 ${((new Date().getUTCMonth() + 6) % 12) + 1} *`);
  const planned = new Date(Math.floor(Date.now() / 1000) * 1000 - 20_000);
  await nextAt(planned);
  await periodic.runNow(service('me'), project, id);
  await store.fireDue(10, decision);
  expect((await rows(id)).map(({ planned_at }) => planned_at)).toEqual([planned]);
  await periodic.runNow(service('me'), project, id);
  await store.fireDue(10, decision);
  expect((await rows(id)).length).toBe(2);
});
