import {
  type AttemptStore,
  COMMAND,
  type DispatchStore,
  type JobKey,
  type JobStore,
  type JobView,
  service,
  type Ticket,
} from '@spiderhub/core';
import {
  createAttemptStore,
  createDispatchStore,
  createJobStore,
  createJobView,
  createLeaderStore,
  createLimitStore,
  isolationOfWorkers,
} from '@spiderhub/db';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const LEASE_MS = 60_000;
/** The reaper waits so long, and 2 s more, after a start of Postgres: short, for a server that the tests just started. */
const REAPER_LEASE_MS = 100;
const NO_COUNTS = { items: 0, pages: 0, logs: 0, errors: 0 };
const REPORT = {
  closeReason: 'finished',
  counts: { items: 3, pages: 4, logs: 5, errors: 1 },
  scrapyStats: '{"a":1}',
};

let db: TestDatabase;
let jobs: JobStore;
let view: JobView;
let dispatch: DispatchStore;
let attempts: AttemptStore;
let team: Team;

beforeAll(async () => {
  const any = await createTestDatabase();
  await eventually(async () => {
    const { rows } = await any.database.raw(
      "select now() - pg_postmaster_start_time() > interval '3 s' as up",
    );
    expect(rows[0].up).toBe(true);
  });
  await any.close();
});
beforeEach(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  view = createJobView(db.database);
  dispatch = createDispatchStore(db.database, { leaseMs: REAPER_LEASE_MS });
  attempts = createAttemptStore(db.database);
  team = await makeTeam(db.database);
});
afterEach(() => db.close());

async function add(project: number, more = {}): Promise<{ id: number; key: JobKey }> {
  const [o] = await jobs.schedule([scheduleRequest(project, 'a', more)]);
  if (o?.outcome !== 'scheduled') throw new Error('not scheduled');
  return { id: o.id, key: { project, spider: o.spider, job: o.job } };
}

async function admitOne(): Promise<Ticket> {
  const [ticket] = await dispatch.admit(0, 1);
  if (!ticket) throw new Error('nothing admitted');
  return ticket;
}

async function claimed(): Promise<Ticket> {
  const ticket = await admitOne();
  expect(await attempts.claim(ticket.id, ticket.attempt, 'w1', LEASE_MS)).not.toBeNull();
  return ticket;
}

/** The reaper of a leader that has been watching for an hour: whoever did not prolong a lease meanwhile is dead. */
async function reap() {
  await db.database.raw(`insert into dispatch_clock as c (seen_at, up_since) values (now(), now() - interval '1 hour')
    on conflict (singleton) do update set seen_at = excluded.seen_at + interval '1 minute', up_since = excluded.up_since`);
  return dispatch.reap();
}

/** As if `seconds` had gone by for the lease of a job. */
async function ageLease(id: number): Promise<void> {
  await db.database.raw("update leases set until = now() - interval '1 s' where job_id = ?", [id]);
}

function stop(key: JobKey) {
  return jobs.stop({ project: team.project, keys: [key], strict: true }, { level: 1, by: service('me') });
}

describe('admission', () => {
  it('takes priority 4 to 0, and the order of scheduling inside a priority', async () => {
    const order = [2, 0, 4, 2, 4, 1, 3, 0] as const;
    const ids: number[] = [];
    for (const priority of order) ids.push((await add(team.project, { priority })).id);
    const seen: number[] = [];
    for (let i = 0; i < order.length; i++) seen.push(ids.indexOf((await admitOne()).id));
    expect(seen).toEqual([2, 4, 6, 0, 3, 5, 1, 7]);
  });

  it('shares slots by weight between projects, whatever their backlog', async () => {
    const small = await makeTeam(db.database, 'small');
    await db.database('projects').where({ id: small.project }).update({ weight: 2 });
    for (let i = 0; i < 60; i++) await add(team.project);
    for (let i = 0; i < 20; i++) await add(small.project);
    const taken: Ticket[] = [];
    for (let i = 0; i < 6; i++) taken.push(...(await dispatch.admit(0, 3)));
    const ofSmall = await db
      .database('jobs')
      .where({ project_id: small.project, state: 'admitted' })
      .count()
      .first();
    expect(taken).toHaveLength(18);
    expect(Number(ofSmall?.count)).toBe(12);
  });

  it('gives an idle project no credit for the past', async () => {
    const late = await makeTeam(db.database, 'late');
    for (let i = 0; i < 40; i++) await add(team.project);
    await dispatch.admit(0, 20);
    for (let i = 0; i < 20; i++) await add(late.project);
    await dispatch.admit(0, 10);
    const ofLate = await db
      .database('jobs')
      .where({ project_id: late.project, state: 'admitted' })
      .count()
      .first();
    expect(Number(ofLate?.count)).toBeLessThanOrEqual(6);
  });

  it('keeps to the limit of a project, leaves paused projects and outside jobs alone', async () => {
    await db.database('projects').where({ id: team.project }).update({ max_running: 2 });
    for (let i = 0; i < 5; i++) await add(team.project);
    expect(await dispatch.admit(0, 10)).toHaveLength(2);
    expect(await dispatch.admit(0, 10)).toHaveLength(0);
    const paused = await makeTeam(db.database, 'paused');
    await db.database('projects').where({ id: paused.project }).update({ paused: true });
    await add(paused.project);
    const outside = await makeTeam(db.database, 'outside');
    await add(outside.project, { external: true });
    expect(await dispatch.admit(0, 10)).toHaveLength(0);
  });

  it('keeps to the limit of a spider without holding up the others', async () => {
    await createLimitStore(db.database).change(COMMAND, team.project, 'a', { maxRunning: 2 });
    for (let i = 0; i < 4; i++) await add(team.project, { priority: 4 });
    await jobs.schedule([scheduleRequest(team.project, 'b', { priority: 0 })]);
    expect(await dispatch.admit(0, 3)).toHaveLength(2);
    const [other] = await dispatch.admit(0, 3);
    expect(other?.priority).toBe(0);
    expect(await dispatch.admit(0, 3)).toEqual([]);
  });

  it('counts the free slots of live workers', async () => {
    for (let i = 0; i < 5; i++) await add(team.project);
    expect(await dispatch.admit(0)).toHaveLength(0);
    await attempts.register({ id: 'w1', host: 'h', slots: 3 });
    expect(await dispatch.admit(0)).toHaveLength(3);
    expect(await dispatch.admit(0)).toHaveLength(0);
  });

  it('knows of live workers how far they keep code of projects away, each answer once', async () => {
    const isolation = { level: 'box', network: 'rules', missing: [] };
    for (const id of ['w1', 'w2']) await attempts.register({ id, host: 'h', slots: 1, isolation });
    await attempts.register({ id: 'w3', host: 'h', slots: 1 });
    await attempts.register({ id: 'w4', host: 'h', slots: 1, isolation: { level: 'none', missing: [] } });
    await db
      .database('workers')
      .where({ id: 'w4' })
      .update({ seen_at: new Date(Date.now() - 60_000) });
    expect(await isolationOfWorkers(db.database)).toEqual([isolation]);
  });

  it('lists attempts whose ticket nobody claimed', async () => {
    await add(team.project);
    const ticket = await admitOne();
    expect(await dispatch.unclaimed(0)).toEqual([ticket]);
    await attempts.claim(ticket.id, ticket.attempt, 'w1', LEASE_MS);
    expect(await dispatch.unclaimed(0)).toEqual([]);
  });
});

describe('an attempt', () => {
  it('goes to exactly one of twenty claimants', async () => {
    await add(team.project);
    const { id, attempt } = await admitOne();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, i) => attempts.claim(id, attempt, `w${i}`, LEASE_MS)),
    );
    const won = claims.filter((claim) => claim !== null);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ state: 'running', version: '1.0', attempt: 1, spiderName: 'a' });
  });

  it('cannot be claimed after the job was stopped', async () => {
    const { key } = await add(team.project);
    const { id, attempt } = await admitOne();
    await stop(key);
    expect(await attempts.claim(id, attempt, 'w1', LEASE_MS)).toBeNull();
    expect(await view.find(key)).toMatchObject({
      state: 'finished',
      closeReason: 'cancelled',
      cancelledBy: 'me',
    });
  });

  it('hears of a stop with its heartbeat and ends once', async () => {
    const { key } = await add(team.project);
    const { id, attempt } = await claimed();
    expect(await stop(key)).toEqual([expect.objectContaining({ worker: 'w1' })]);
    expect(await attempts.heartbeat('w1', [{ id, attempt, counts: NO_COUNTS }], LEASE_MS)).toEqual([
      { id, attempt, stopRequested: true, stopLevel: 1 },
    ]);
    expect(await attempts.finish(id, attempt, { ...REPORT, closeReason: 'cancelled' })).toBe('finished');
    expect(await attempts.finish(id, attempt, REPORT)).toBe('already');
    expect(await view.find(key)).toMatchObject({
      closeReason: 'cancelled',
      counts: REPORT.counts,
      scrapyStats: '{"a":1}',
    });
  });

  it('is fenced once its lease lapsed and the job was admitted again', async () => {
    const { key } = await add(team.project);
    const old = await claimed();
    expect(await reap()).toEqual([]);
    await ageLease(old.id);
    expect(await reap()).toHaveLength(1);
    expect((await view.find(key))?.state).toBe('pending');
    const next = await claimed();
    expect(next).toMatchObject({ id: old.id, attempt: 2 });
    expect(await attempts.heartbeat('w1', [{ ...old, counts: NO_COUNTS }], LEASE_MS)).toEqual([]);
    expect(await attempts.finish(old.id, old.attempt, REPORT)).toBe('already');
    expect(await attempts.finish(next.id, next.attempt, REPORT)).toBe('finished');
  });

  it('is not tried for ever: a job that is lost too often ends as lost', async () => {
    await db
      .database('projects')
      .where({ id: team.project })
      .update({ policy: { maxAttempts: 3 } });
    const { key } = await add(team.project);
    for (let i = 0; i < 3; i++) {
      await ageLease((await claimed()).id);
      await reap();
    }
    expect(await view.find(key)).toMatchObject({ state: 'finished', closeReason: 'lost', attempt: 3 });
  });

  it('ends as cancelled when it was lost after a stop request', async () => {
    const { key } = await add(team.project);
    const { id } = await claimed();
    await stop(key);
    await ageLease(id);
    await reap();
    expect(await view.find(key)).toMatchObject({ state: 'finished', closeReason: 'cancelled' });
  });

  it('that ended without its worker keeps what the worker knew last', async () => {
    const { key, id } = await add(team.project);
    const { attempt } = await claimed();
    await attempts.saveStats(id, attempt, '{"early":1}');
    await attempts.note(id, attempt, '_isolation', '{"level":"box"}');
    await attempts.note(id, attempt + 1, '_isolation', '{"level":"none"}');
    const ended = { id, attempt, key };
    await attempts.recount(ended, REPORT.counts, '{"running":1}');
    expect(await view.find(key)).toMatchObject({ counts: NO_COUNTS, scrapyStats: '{"early":1}' });
    expect((await view.find(key))?.meta).toEqual({ _isolation: '{"level":"box"}' });

    expect(await attempts.finish(id, attempt, { ...REPORT, scrapyStats: null })).toBe('finished');
    await attempts.recount(ended, NO_COUNTS, null);
    expect(await view.find(key)).toMatchObject({ counts: NO_COUNTS, scrapyStats: '{"early":1}' });
    await attempts.recount(ended, REPORT.counts, '{"last":1}');
    expect(await view.find(key)).toMatchObject({ counts: REPORT.counts, scrapyStats: '{"last":1}' });
  });

  it('is fenced by the deletion of its job', async () => {
    const { key } = await add(team.project);
    const { id, attempt } = await claimed();
    expect(
      await jobs.remove({ project: team.project, keys: [key], strict: true }, service('me')),
    ).toMatchObject([{ previous: 'running', worker: 'w1' }]);
    expect(await attempts.heartbeat('w1', [{ id, attempt, counts: NO_COUNTS }], LEASE_MS)).toEqual([]);
    expect(await attempts.finish(id, attempt, REPORT)).toBe('fenced');
  });
});

describe('a policy', () => {
  const failed = { ...REPORT, closeReason: 'failed' };
  const attemptsOf = (id: number) => db.database('job_attempts').where({ job_id: id }).orderBy('attempt');

  it('tries a failed job again after a wait, and lists every attempt', async () => {
    await db
      .database('projects')
      .where({ id: team.project })
      .update({
        policy: { retryOn: ['failed'], maxAttempts: 2, backoffSeconds: 600 },
      });
    const { key, id } = await add(team.project);
    const first = await claimed();
    expect(await attempts.finish(first.id, first.attempt, failed)).toBe('requeued');
    expect(await view.find(key)).toMatchObject({ state: 'pending', counts: NO_COUNTS });
    expect(await attempts.finish(first.id, first.attempt, failed)).toBe('already');
    expect(await dispatch.admit(0, 1)).toEqual([]);
    await db.database('jobs').where({ id }).update({ wait_until: new Date() });
    const second = await claimed();
    expect(await attempts.finish(second.id, second.attempt, failed)).toBe('finished');
    expect(await view.find(key)).toMatchObject({ state: 'finished', closeReason: 'failed', attempt: 2 });
    expect(await attemptsOf(id)).toMatchObject([
      { attempt: 1, close_reason: 'failed', worker: 'w1' },
      { attempt: 2, close_reason: 'failed', worker: 'w1' },
    ]);
  });

  it("of a spider wins over its project's", async () => {
    await db
      .database('projects')
      .where({ id: team.project })
      .update({ policy: { retryOn: ['failed'] } });
    await db
      .database('spiders')
      .where({ project_id: team.project, name: 'a' })
      .update({ policy: { retryOn: [] } });
    await add(team.project);
    const ticket = await claimed();
    expect(await attempts.finish(ticket.id, ticket.attempt, failed)).toBe('finished');
  });

  it('counts no attempt against a job that a stopping worker gave back', async () => {
    await db
      .database('projects')
      .where({ id: team.project })
      .update({ policy: { maxAttempts: 1 } });
    const { key } = await add(team.project);
    for (let i = 0; i < 3; i++) {
      const { id, attempt } = await claimed();
      expect(await attempts.finish(id, attempt, { ...REPORT, closeReason: 'shutdown' })).toBe('requeued');
    }
    expect(await view.find(key)).toMatchObject({ state: 'pending', attempt: 3 });
  });
});

it('a job that is stopped while it waits for another attempt has the numbers of the last one', async () => {
  const { key } = await add(team.project);
  const { id, attempt } = await claimed();
  expect(await attempts.finish(id, attempt, { ...REPORT, closeReason: 'shutdown' })).toBe('requeued');
  expect(await view.find(key)).toMatchObject({ state: 'pending', counts: NO_COUNTS });
  await stop(key);
  expect(await view.find(key)).toMatchObject({ closeReason: 'cancelled', attempt, counts: REPORT.counts });
});

describe('the leader', () => {
  /** A new term of so many ms. */
  async function lead(forMs: number): Promise<number> {
    const place = await createLeaderStore(db.database).lead('x', forMs);
    if (!('term' in place)) throw new Error('somebody leads');
    return place.term;
  }

  const contenders = () =>
    Array.from({ length: 20 }, (_, i) => createLeaderStore(db.database).lead(`p${i}`, 60_000));

  it('is one of twenty contenders, and keeps its place', async () => {
    const places = await Promise.all(contenders());
    expect(places.filter((place) => 'term' in place)).toEqual([{ term: 1 }]);
    expect(await createLeaderStore(db.database).keep(1, 60_000)).toBe(true);
  });

  it('is followed at once when it leaves, and when its time is over', async () => {
    const store = createLeaderStore(db.database);
    const first = await lead(60_000);
    const { freeInMs } = (await store.lead('b', 60_000)) as { freeInMs: number };
    expect(freeInMs).toBeGreaterThan(0);
    expect(freeInMs).toBeLessThanOrEqual(60_000);
    await store.leave(first);
    const second = await lead(-1);
    expect(await lead(60_000)).toBe(second + 1);
    expect(await store.keep(second, 60_000)).toBe(false);
    // A former leader takes nothing away from its successor.
    await store.leave(second);
    expect(await store.lead('d', 60_000)).toHaveProperty('freeInMs');
  });

  it('whose term has ended admits nothing', async () => {
    await add(team.project);
    const old = await lead(-1);
    const current = await lead(60_000);
    expect(await dispatch.admit(old, 5)).toEqual([]);
    expect(await dispatch.admit(current, 5)).toHaveLength(1);
  });

  it('waits with its term until an admission of its predecessor is through', async () => {
    const store = createLeaderStore(db.database);
    const old = await lead(-1);
    await add(team.project);
    const admitted = await db.database.transaction(async (tx) => {
      const tickets = await createDispatchStore(tx, { leaseMs: REAPER_LEASE_MS }).admit(old, 5);
      const next = store.lead('b', 60_000);
      const first = await Promise.race([next, tx.raw("select pg_sleep(0.3), 'admitting' as state")]);
      expect(first).toMatchObject({ rows: [{ state: 'admitting' }] });
      return tickets;
    });
    expect(admitted).toHaveLength(1);
    await eventually(async () => expect(await store.keep(old + 1, 60_000)).toBe(true));
  });
});
