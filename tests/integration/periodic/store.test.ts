import {
  COMMAND,
  createPeriodicJobs,
  type Decide,
  decide,
  type JobStore,
  type PeriodicJobs,
  type PeriodicPlan,
  type PeriodicStore,
  service,
} from '@spiderhub/core';
import { createCron } from '@spiderhub/cron';
import {
  createAttemptStore,
  createDispatchStore,
  createEventLog,
  createJobStore,
  createPeriodicStore,
} from '@spiderhub/db';
import { sameRunKey } from '@spiderhub/hub';
import { createTestDatabase, eventsTold, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest } from '../../support/team.ts';

const LEASE_MS = 60_000;
const DAY_MS = 24 * 3600_000;
const cron = createCron();
const decision: Decide = (job, active, now) =>
  decide(job, active, now, { cron, uniqueKey: ({ spider, args }) => sameRunKey(spider, args) });

let db: TestDatabase;
let store: PeriodicStore;
let periodic: PeriodicJobs;
let jobs: JobStore;
let project: number;

beforeEach(async () => {
  moment = 0;
  db = await createTestDatabase();
  project = (await makeTeam(db.database)).project;
  store = createPeriodicStore(db.database, cron.zoneRules);
  periodic = createPeriodicJobs({ store, cron });
  jobs = createJobStore(db.database);
});
afterEach(() => db.close());

/** Midnight of a day of a month that is half a year away. */
const inHalfAYear = (day: number) => `0 0 ${day} ${((new Date().getUTCMonth() + 6) % 12) + 1} *`;

function plan(more: Partial<PeriodicPlan> = {}, spiders = ['a']): PeriodicPlan {
  return {
    // Far away: what is due here is what a test makes due.
    cron: inHalfAYear(1),
    timezone: 'UTC',
    overlap: 'skip',
    catchup: 'one',
    jitterSeconds: 0,
    startAt: null,
    endAt: null,
    disabled: false,
    description: '',
    tags: ['t'],
    tasks: spiders.map((spider) => ({
      spider,
      args: {},
      command: null,
      priority: 2,
      units: 1,
      settings: {},
      environment: {},
    })),
    ...more,
  };
}

let moment = 0;

/** As if the next planned time had been a moment ago, or `ago` ms; each time it is another one. */
async function becomeDue(ago = 0): Promise<void> {
  moment += 1;
  const planned = new Date((Math.floor((Date.now() - ago) / 1000) - 40 + moment) * 1000);
  await db.database('periodic_jobs').update({ next_at: planned, fire_at: planned });
}

async function outcomes(id: number): Promise<string[]> {
  const runs = await periodic.runs(project, id, null, 1000);
  return runs.map(({ outcome, reason }) => (reason === null ? outcome : `${outcome}: ${reason}`)).reverse();
}

/** Fires once more. */
async function again(id: number): Promise<string | undefined> {
  await becomeDue();
  await store.fireDue(10, decision);
  return (await outcomes(id)).at(-1);
}

it('makes jobs, a row, and goes on to the next time, all at once', async () => {
  const { id, nextAt } = await periodic.create(service('me'), project, plan({}, ['a', 'b']));
  expect(nextAt?.getTime()).toBeGreaterThan(Date.now());
  expect(await store.fireDue(10, decision)).toEqual({ runs: 0, scheduled: 0, stopped: [] });
  await becomeDue();
  expect(await store.fireDue(10, decision)).toEqual({ runs: 1, scheduled: 2, stopped: [] });
  expect(await store.fireDue(10, decision)).toEqual({ runs: 0, scheduled: 0, stopped: [] });
  const [run] = await periodic.runs(project, id, null, 10);
  expect(run).toEqual(expect.objectContaining({ outcome: 'scheduled', reason: null }));
  expect(run?.jobs).toEqual([`${project}/1/1`, `${project}/2/1`]);
  const made = await db.database('jobs').select('tags', 'scheduled_by', 'state');
  expect(made).toEqual(
    Array.from({ length: 2 }, () => ({ tags: ['t'], scheduled_by: 'periodicjobs', state: 'pending' })),
  );
  const found = await periodic.find(project, id);
  expect(found.lastRun).toEqual(run);
  expect(found.spiderNumbers).toEqual({ a: 1, b: 2 });
  expect(found.nextAt?.getTime()).toBeGreaterThan(Date.now());
});

it('fires each planned time once, however many fire at the same moment', async () => {
  for (let n = 0; n < 60; n += 1) {
    await periodic.create(service('me'), project, plan({ overlap: 'allow' }));
  }
  await becomeDue();
  const fired = await Promise.all(Array.from({ length: 8 }, () => store.fireDue(25, decision)));
  while ((await store.fireDue(25, decision)).runs > 0);
  expect(fired.reduce((sum, { runs }) => sum + runs, 0)).toBeLessThanOrEqual(60);
  expect(Number((await db.database('periodic_runs').count())[0]?.count)).toBe(60);
  expect(Number((await db.database('jobs').count())[0]?.count)).toBe(60);
});

it('leaves others to the next transaction when it decides for long', async () => {
  for (let n = 0; n < 3; n += 1) await periodic.create(service('me'), project, plan({ overlap: 'allow' }));
  await becomeDue();
  const slow: Decide = (...args) => {
    for (const from = performance.now(); performance.now() - from < 150; );
    return decision(...args);
  };
  const fired = [];
  for (let n = 0; n < 4; n += 1) fired.push((await store.fireDue(10, slow)).runs);
  expect(fired).toEqual([1, 1, 1, 0]);
});

it('makes nothing of a fire that did not commit', async () => {
  await periodic.create(service('me'), project, plan());
  await becomeDue();
  const failing: Decide = (...args) => {
    decision(...args);
    throw new Error('killed');
  };
  await expect(store.fireDue(10, failing)).rejects.toThrow('killed');
  expect(await db.database('jobs')).toEqual([]);
  expect(await db.database('periodic_runs')).toEqual([]);
  expect(await store.fireDue(10, decision)).toEqual(expect.objectContaining({ runs: 1, scheduled: 1 }));
});

describe('while its job is active', () => {
  async function run(): Promise<void> {
    const dispatch = createDispatchStore(db.database, { leaseMs: LEASE_MS });
    const attempts = createAttemptStore(db.database);
    for (const { id, attempt } of await dispatch.admit(0, 10))
      await attempts.claim(id, attempt, 'w1', LEASE_MS);
  }

  it('is skipped, and runs again once that is over', async () => {
    const { id } = await periodic.create(service('me'), project, plan());
    expect(await again(id)).toBe('scheduled');
    expect(await again(id)).toBe(`overlap: ${project}/1/1 is still active`);
    await jobs.stop(
      { project, keys: [{ project, spider: 1, job: 1 }], strict: true },
      { level: 1, by: service('me') },
    );
    expect(await again(id)).toBe('scheduled');
    expect(await db.database('periodic_active')).toHaveLength(1);
  });

  it('is queued once', async () => {
    const { id } = await periodic.create(service('me'), project, plan({ overlap: 'queue' }));
    expect(await again(id)).toBe('scheduled');
    expect(await again(id)).toBe(`overlap: ${project}/1/1 is still active`);
    await run();
    expect(await again(id)).toBe('scheduled');
    expect(await again(id)).toBe(`overlap: ${project}/1/2 is still active`);
  });

  it('takes its place, and tells the worker', async () => {
    const { id } = await periodic.create(service('me'), project, plan({ overlap: 'replace' }));
    expect(await again(id)).toBe('scheduled');
    await run();
    await becomeDue();
    const { stopped } = await store.fireDue(10, decision);
    expect(stopped).toEqual([expect.objectContaining({ previous: 'running', worker: 'w1' })]);
    const states = await db.database('jobs').select('state', 'stop_level').orderBy('id');
    expect(states).toEqual([
      { state: 'running', stop_level: 1 },
      { state: 'pending', stop_level: 0 },
    ]);
  });

  it('is told from a twin that somebody started by hand', async () => {
    const { id } = await periodic.create(service('me'), project, plan());
    await jobs.schedule([scheduleRequest(project, 'a', { uniqueKey: sameRunKey('a', {}) })]);
    expect(await again(id)).toBe('refused: a already scheduled');
  });
});

it.each([
  ['skip' as const, 0],
  ['one' as const, 1],
  ['all' as const, 3],
])(
  'after three days without a leader, `%s` makes %d jobs, and each planned time has its row',
  async (catchup, made) => {
    // Noon of a day is never within a minute of now in all time zones that are a whole hour away.
    const hour = (new Date().getUTCHours() + 12) % 24;
    const { id } = await periodic.create(service('me'), project, plan({ catchup, cron: `0 ${hour} * * *` }));
    const next = (await periodic.find(project, id)).nextAt as Date;
    const planned = new Date(next.getTime() - 3 * DAY_MS);
    await db.database('periodic_jobs').update({ next_at: planned, fire_at: planned });
    await store.fireDue(10, decision);
    expect(Number((await db.database('jobs').count())[0]?.count)).toBe(made);
    const runs = await periodic.runs(project, id, null, 10);
    expect(runs.map(({ plannedAt }) => (next.getTime() - plannedAt.getTime()) / DAY_MS)).toEqual([1, 2, 3]);
    expect(runs.filter(({ outcome }) => outcome === 'missed')).toHaveLength(3 - made);
    expect((await periodic.find(project, id)).nextAt).toEqual(next);
  },
);

it('gives up after ten times without a spider, and tells of it', async () => {
  const log = createEventLog(db.database);
  await eventsTold(db.database);
  const from = await log.end();
  const { id } = await periodic.create(service('me'), project, plan({}, ['gone', 'gone too']));
  await db.database('spiders').where({ project_id: project }).whereIn('name', ['gone', 'gone too']).delete();
  for (let n = 0; n < 10; n += 1) {
    expect((await periodic.find(project, id)).disabled).toBe(false);
    expect(await again(id)).toBe('refused: spider: gone not found; spider: gone too not found');
  }
  expect((await periodic.find(project, id)).disabled).toBe(true);
  await becomeDue();
  expect((await store.fireDue(10, decision)).runs).toBe(0);
  await eventsTold(db.database);
  const { events } = await log.read(from, 1000);
  const types = events.map(({ type }) => type).filter((type) => type.startsWith('schedule.'));
  expect(types).toEqual([...Array.from({ length: 10 }, () => 'schedule.failed'), 'schedule.disabled']);
});

describe('a change', () => {
  it('keeps the time that is due, unless the times are what changes', async () => {
    const { id } = await periodic.create(service('me'), project, plan());
    await becomeDue();
    const due = (await periodic.find(project, id)).nextAt;
    const changed = await periodic.change(COMMAND, project, id, (job) => ({ ...job, description: 'x' }));
    expect(changed.nextAt).toEqual(due);
    const moved = await periodic.change(COMMAND, project, id, (job) => ({ ...job, cron: inHalfAYear(2) }));
    expect(moved.nextAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('does not put back what fires while somebody makes it', async () => {
    const { id } = await periodic.create(service('me'), project, plan({ overlap: 'replace' }));
    await becomeDue();
    let fired = 0;
    await periodic.change(COMMAND, project, id, async (job) => {
      fired += (await store.fireDue(10, decision)).scheduled;
      return { ...job, description: 'x' };
    });
    expect(fired).toBe(1);
    expect(await store.fireDue(10, decision)).toEqual({ runs: 0, scheduled: 0, stopped: [] });
    expect(await periodic.find(project, id)).toMatchObject({ description: 'x' });
  });

  it('makes up for nothing of the time in which it was disabled', async () => {
    const { id } = await periodic.create(service('me'), project, plan({ disabled: true, catchup: 'all' }));
    await becomeDue(3 * DAY_MS);
    expect((await store.fireDue(10, decision)).runs).toBe(0);
    const { nextAt } = await periodic.change(COMMAND, project, id, (job) => ({ ...job, disabled: false }));
    expect(nextAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('never loses that of somebody else', async () => {
    const { id } = await periodic.create(service('me'), project, plan());
    await Promise.all(
      Array.from({ length: 4 }, (_, n) =>
        periodic.change(COMMAND, project, id, (job) => ({ ...job, tags: [...job.tags, `t${n}`] })),
      ),
    );
    expect((await periodic.find(project, id)).tags.sort()).toEqual(['t', 't0', 't1', 't2', 't3']);
  });

  it("is nobody else's", async () => {
    const other = (await makeTeam(db.database, 'globex')).project;
    const { id } = await periodic.create(service('me'), project, plan());
    await expect(periodic.find(other, id)).rejects.toThrow(`periodic job ${id} not found`);
    await expect(periodic.change(COMMAND, other, id, (job) => job)).rejects.toThrow('not found');
    expect(await periodic.remove(COMMAND, other, id)).toBe(false);
    expect(await periodic.runs(other, id, null, 10)).toEqual([]);
    expect(await periodic.list(other)).toEqual([]);
  });
});

it('works planned times out again when the rules of time zones change', async () => {
  const old = createPeriodicJobs({ store: createPeriodicStore(db.database, 'older'), cron });
  const { id } = await old.create(service('me'), project, plan({ cron: '0 12 * * *' }));
  const wrong = new Date(Date.now() + 100 * DAY_MS);
  await db.database('periodic_jobs').update({ next_at: wrong, fire_at: wrong });
  const [job] = await store.ofOtherZoneRules(cron.zoneRules, 10);
  expect(job?.id).toBe(id);
  if (!job) return;
  await store.setNext(job, new Date(1e12), cron.zoneRules);
  expect((await periodic.find(project, id)).nextAt).toEqual(new Date(1e12));
  expect(await store.ofOtherZoneRules(cron.zoneRules, 10)).toEqual([]);
});

it('forgets old rows, and those beyond so many', async () => {
  const { id } = await periodic.create(service('me'), project, plan());
  await db.database.raw(
    `insert into periodic_runs (periodic_id, planned_at, fired_at, outcome, jobs)
    select :id, now() - n * interval '1 day', now() - n * interval '1 day', 'missed', '{}' from generate_series(1, 100) n`,
    { id },
  );
  expect(await store.removeRuns(90 * DAY_MS, 20, 1000)).toBeGreaterThan(0);
  while ((await store.removeRuns(90 * DAY_MS, 20, 1000)) > 0);
  expect(await periodic.runs(project, id, null, 1000)).toHaveLength(20);
});
