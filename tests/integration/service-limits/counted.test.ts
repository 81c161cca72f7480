import { randomBytes } from 'node:crypto';
import {
  createJobs,
  createLimitBook,
  createMeter,
  createPendingWatch,
  type Jobs,
  NO_LIMITS,
  type SetLimits,
} from '@spiderhub/core';
import {
  createAttemptStore,
  createDispatchStore,
  createJobStore,
  createJobView,
  createServiceLimitStore,
  createStorageUsageStore,
} from '@spiderhub/db';
import { createUsageCounts } from '@spiderhub/queue';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { redisAddress } from '../../support/redis.ts';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const SILENT = { wakeLeader() {}, happened() {}, stopRequested() {} };

let db: TestDatabase;
let team: Team;
let second: number;
const closers: (() => void)[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  const name = `acme-${randomBytes(4).toString('hex')}`;
  team = await makeTeam(db.database, name);
  const organisation = await organisationOf(team.project);
  [{ id: second }] = await db
    .database('projects')
    .insert({ organisation_id: organisation, name: 'second' })
    .returning('id');
  await db.database('spiders').insert({ project_id: second, number: 1, name: 'a' });
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => db?.close());

async function organisationOf(project: number): Promise<number> {
  return (await db.database('projects').where({ id: project }).first('organisation_id')).organisation_id;
}

async function set(table: 'organisations' | 'projects', id: number, limits: SetLimits): Promise<void> {
  await db
    .database(table)
    .where({ id })
    .update({ limits: JSON.stringify(limits) });
}

/** As one process of the API has them. */
function jobsOfAProcess(): Jobs {
  const store = createServiceLimitStore(db.database);
  const book = createLimitBook(store, NO_LIMITS);
  const limits = { book, pending: createPendingWatch(book, store) };
  return createJobs(createJobStore(db.database), createJobView(db.database), SILENT, limits);
}

async function scheduled(processes: Jobs[], count: number, project = (_i: number) => team.project) {
  const calls = Array.from({ length: count }, (_, i) =>
    (processes[i % processes.length] as Jobs).schedule(scheduleRequest(project(i), 'a')),
  );
  const results = await Promise.allSettled(calls);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'limit_reached' });
  }
  return results.filter(({ status }) => status === 'fulfilled').length;
}

describe('jobs that wait', () => {
  it('are exactly as many as a project may have, whichever processes take them', async () => {
    await set('projects', team.project, { pendingJobs: 37 });
    const processes = [jobsOfAProcess(), jobsOfAProcess()];
    expect(await scheduled(processes, 120)).toBe(37);
    const { rows } = await db.database.raw('select count(*)::int as n from jobs where project_id = ?', [
      team.project,
    ]);
    expect(rows[0].n).toBe(37);
    const count = await createServiceLimitStore(db.database).pending(team.project);
    expect(count).toEqual({ project: 37, organisation: 37 });
    await createDispatchStore(db.database, { leaseMs: 1000 }).foldCounts();
    expect(await scheduled(processes, 5)).toBe(0);
  });

  it('of all projects of an organisation are counted together', async () => {
    await set('organisations', await organisationOf(team.project), { pendingJobs: 20 });
    const processes = [jobsOfAProcess(), jobsOfAProcess()];
    expect(await scheduled(processes, 60, (i) => (i % 3 ? team.project : second))).toBe(20);
    expect((await createServiceLimitStore(db.database).pending(second)).organisation).toBe(20);
  });

  it('of a neighbour in the same batch are taken', async () => {
    const other = await makeTeam(db.database, `other-${randomBytes(4).toString('hex')}`);
    await set('projects', team.project, { pendingJobs: 1 });
    const jobs = jobsOfAProcess();
    const calls = Array.from({ length: 20 }, (_, i) =>
      jobs.schedule(scheduleRequest(i % 2 ? other.project : team.project, 'a')),
    );
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(11);
  });

  it('without a limit need no count', async () => {
    const before: string[] = [];
    const note = ({ sql }: { sql: string }) => before.push(sql);
    const jobs = jobsOfAProcess();
    await scheduled([jobs], 1);
    db.database.on('query', note);
    expect(await scheduled([jobs], 50)).toBe(50);
    db.database.off('query', note);
    expect(before.filter((sql) => sql.includes('job_count'))).toEqual([]);
  });
});

describe('jobs that run', () => {
  it('are no more than an organisation may have, over all of its projects', async () => {
    await set('organisations', await organisationOf(team.project), { runningJobs: 3 });
    const jobs = jobsOfAProcess();
    await scheduled([jobs], 10, (i) => (i % 2 ? team.project : second));
    const leader = await db.database('leader').first('term');
    const dispatch = createDispatchStore(db.database, { leaseMs: 1000 });
    const term = Number(leader?.term ?? 0);
    const admitted = async () => {
      await dispatch.admit(term, 100);
      const { rows } = await db.database.raw(
        `select count(*)::int as n from jobs where state = 'admitted' and project_id in (?, ?)`,
        [team.project, second],
      );
      return rows[0].n;
    };
    expect(await admitted()).toBe(3);
    expect(await admitted()).toBe(3);
    await db
      .database('jobs')
      .where({ project_id: second, state: 'admitted' })
      .limit(1)
      .update({ state: 'pending' });
    await set('organisations', await organisationOf(team.project), { runningJobs: null });
    expect(await admitted()).toBe(10);
  });
});

it('a crawl gets the strictest of its policy and of the limits of its project and organisation', async () => {
  await set('organisations', await organisationOf(team.project), { itemsPerJob: 50, logsPerJob: 70 });
  await set('projects', team.project, { logsPerJob: 60 });
  await db
    .database('projects')
    .where({ id: team.project })
    .update({ policy: JSON.stringify({ maxItems: 1000 }) });
  await jobsOfAProcess().schedule(scheduleRequest(team.project, 'a'));
  const leader = await db.database('leader').first('term');
  await createDispatchStore(db.database, { leaseMs: 1000 }).admit(Number(leader?.term ?? 0), 100);
  const job = await db.database('jobs').where({ project_id: team.project }).first('id', 'attempt');
  const attempts = createAttemptStore(db.database, { ...NO_LIMITS, itemsPerJob: 10 });
  const claimed = await attempts.claim(Number(job.id), job.attempt, 'w1', 60_000);
  expect(claimed?.policy).toMatchObject({ maxItems: 50, maxLogs: 60, maxAttempts: 5 });
});

describe('requests', () => {
  const RATE = { perSecond: 10, windowSeconds: 30 };
  let prefix: string;

  beforeEach(() => {
    prefix = `test-${randomBytes(6).toString('hex')}`;
  });

  /** As another process counts: with a connection of its own. */
  function meterAt(redis: ReturnType<typeof redisAddress>) {
    const counts = createUsageCounts({ redis, prefix });
    closers.push(counts.close);
    /** What it has told before is known then. */
    const told = async () => void (await counts.add('hello', 1, 30).catch(() => undefined));
    return { counts, told, meter: createMeter(counts) };
  }

  async function passing(processes: ReturnType<typeof meterAt>[], count: number): Promise<number> {
    let passed = 0;
    for (let i = 0; i < count; i++) {
      const { meter, told } = processes[i % processes.length] as (typeof processes)[number];
      if (meter.take('o1', RATE) === 0) passed += 1;
      // As requests come, one after the other; a Redis that has no processor is not slower than they are.
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (i % 20 === 0) await told();
    }
    return passed;
  }

  it('of all processes are counted together in Redis', async () => {
    const [one, other] = [meterAt(redisAddress()), meterAt(redisAddress())];
    // Until both are connected each counts for itself.
    await eventually(async () => {
      const { used } = await one.counts.add('hello', 1, 30);
      expect((await other.counts.add('hello', 1, 30)).used).toBe(used + 1);
    });
    const passed = await passing([one, other], 700);
    expect(passed).toBeGreaterThanOrEqual(300);
    // What one has not told the other of yet.
    expect(passed).toBeLessThan(450);
    await eventually(() => expect(other.meter.take('o1', RATE)).toBeGreaterThan(0));
  });

  it('are those of each process while Redis is away', async () => {
    const alone = meterAt({ host: '127.0.0.1', port: 1 });
    const { meter } = alone;
    expect(await passing([alone], 400)).toBe(300);
    expect(meter.take('o1', RATE)).toBeGreaterThan(0);
    expect(meter.take('o2', RATE)).toBe(0);
  });
});

it('what a project has stored is measured once in a while, the longest unmeasured first', async () => {
  const usage = createStorageUsageStore(db.database);
  const seen = new Set<number>();
  for (let project = await usage.stale(60_000); project !== null; project = await usage.stale(60_000)) {
    expect(seen.has(project)).toBe(false);
    seen.add(project);
    await usage.save(project, 1000 + (await usage.rowBytes(project)));
  }
  expect(seen.has(team.project)).toBe(true);
  const store = createServiceLimitStore(db.database);
  expect((await store.find({ project: team.project }))?.projectBytes).toBe(1000);
  expect((await store.find({ project: team.project }))?.organisationBytes).toBe(2000);
  expect((await store.usage({ organisation: await organisationOf(team.project) })).storedBytes).toBe(2000);
  await usage.save(999_999, 1);
});
