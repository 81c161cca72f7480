import type { JobKey, JobStore, JobView, KeptSpider, RetentionStore, ScheduleRequest } from '@spiderhub/core';
import { COMMAND, service } from '@spiderhub/core';
import { createJobStore, createJobView, createLimitStore, createRetentionStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const DAY_MS = 24 * 3600_000;

let db: TestDatabase;
let jobs: JobStore;
let view: JobView;
let store: RetentionStore;
let team: Team;

beforeEach(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  view = createJobView(db.database);
  store = createRetentionStore(db.database, { readersMs: 0, writersMs: 60_000 });
  team = await makeTeam(db.database);
});
afterEach(() => db.close());

async function schedule(more: Partial<ScheduleRequest> = {}, spider = 'a') {
  const [outcome] = await jobs.schedule([scheduleRequest(team.project, spider, more)]);
  return outcome;
}

async function add(more: Partial<ScheduleRequest> = {}, spider = 'a'): Promise<JobKey> {
  const outcome = await schedule(more, spider);
  if (outcome?.outcome !== 'scheduled') throw new Error('not scheduled');
  return { project: team.project, spider: outcome.spider, job: outcome.job };
}

/** A job that finished so many days ago. */
async function finished(daysAgo: number, more: Partial<ScheduleRequest> = {}, spider = 'a'): Promise<JobKey> {
  const key = await add({ state: 'finished', ...more }, spider);
  await db.database.raw(
    `update jobs set finished_at = now() - :days * interval '1 day', state_since = now() - :days * interval '1 day'
    where project_id = :project and spider = :spider and number = :job`,
    { ...key, days: daysAgo },
  );
  return key;
}

function remove(...keys: JobKey[]) {
  return jobs.remove({ project: team.project, keys, strict: true }, service('me'));
}

async function rowsOf(table: string): Promise<number> {
  return Number((await db.database(table).count().first())?.count);
}

/** All that a job can have. */
async function withEverything(key: JobKey): Promise<void> {
  const id = (await view.find(key))?.id;
  await db.database('job_meta').insert({ job_id: id, name: 'n', value: '1' });
  await db
    .database('job_attempts')
    .insert({ job_id: id, attempt: 1, close_reason: 'x', items: 0, pages: 0, logs: 0, errors: 0 });
  await db.database('job_claims').insert({
    job_id: id,
    tag: 't',
    project_id: team.project,
    worker: 'w',
    lease_until: new Date(),
  });
  await db.database('comments').insert({ job_id: id, text: 'c', created_by: 'me' });
  await db
    .database('reports')
    .insert({ job_id: id, key: 'r', content_type: 't', sha256: 'a', size_bytes: 1, created_by: 'me' });
}

describe('a deleted job', () => {
  it('stays for its grace, and then goes with every row that belongs to it', async () => {
    const gone = await finished(1);
    const kept = await finished(1);
    await withEverything(gone);
    await withEverything(kept);
    await remove(gone);
    expect(await store.purge(DAY_MS, 10)).toBe(0);
    expect((await view.find(gone))?.state).toBe('deleted');
    expect(await store.purge(0, 10)).toBe(1);
    expect(await store.purge(0, 10)).toBe(0);
    expect(await view.find(gone)).toBeNull();
    for (const table of [
      'jobs',
      'job_details',
      'job_meta',
      'job_attempts',
      'job_claims',
      'comments',
      'reports',
    ])
      expect([table, await rowsOf(table)]).toEqual([table, 1]);
    expect((await view.find(kept))?.state).toBe('finished');
  });

  it('goes in batches, the longest deleted first', async () => {
    const keys = [await finished(1), await finished(1), await finished(1)];
    for (const key of keys.toReversed()) await remove(key);
    expect(await store.purge(0, 2)).toBe(2);
    expect(await view.find(keys[0] as JobKey)).not.toBeNull();
    expect(await store.purge(0, 2)).toBe(1);
  });

  it('leaves its streams on the list, until they are freed; those of a crawl that may still write a while longer', async () => {
    const over = await finished(1);
    const waiting = await add();
    await remove(over, waiting);
    await store.purge(0, 10);
    expect(await store.streamsToFree(10)).toEqual([over]);
    expect(await store.streamsToFree(10)).toEqual([over]);
    await store.streamsFreed([over]);
    expect(await store.streamsToFree(10)).toEqual([]);
    expect(await rowsOf('streams_to_free')).toBe(1);
  });

  it('never gives its number, its idempotency key or its alias away', async () => {
    const key = await finished(1, { idempotencyKey: 'once', alias: 'mine' });
    const next = await add();
    await remove(key, next);
    await store.purge(0, 10);
    expect(await schedule({ idempotencyKey: 'once' })).toMatchObject({
      outcome: 'scheduled',
      spider: key.spider,
      job: key.job,
    });
    expect(await schedule({ alias: 'mine' })).toEqual({ outcome: 'duplicate' });
    expect((await add()).job).toBeGreaterThan(next.job);
    // Another project's names are its own.
    const other = await makeTeam(db.database, 'other');
    const [outcome] = await jobs.schedule([scheduleRequest(other.project, 'a', { alias: 'mine' })]);
    expect(outcome?.outcome).toBe('scheduled');
  });

  it('comes back as it was when it had finished, and as cancelled when it had not', async () => {
    const over = await finished(3, { closeReason: 'finished', meta: { note: '1' } });
    const before = await view.find(over);
    const waiting = await add();
    await jobs.remove({ project: team.project, keys: [over, waiting], strict: true }, service('me'), {
      forget: true,
    });
    expect((await view.find(over))?.meta).toEqual({});
    expect(await store.restore(COMMAND, over)).toBe(true);
    expect(await store.restore(COMMAND, waiting)).toBe(true);
    expect(await view.find(over)).toEqual(before);
    expect(await view.find(waiting)).toMatchObject({
      state: 'finished',
      closeReason: 'cancelled',
      deletedAt: null,
    });
    expect(await store.restore(COMMAND, over)).toBe(false);
    expect(await store.purge(0, 10)).toBe(0);
  });
});

describe('retention', () => {
  const limits = () => createLimitStore(db.database);

  async function spiders(): Promise<KeptSpider[]> {
    return store.keptSpiders(null, 10);
  }

  async function expire(limit = 100): Promise<number> {
    let count = 0;
    for (const kept of await spiders()) count += await store.expire(kept, 'retention', limit);
    return count;
  }

  it("is nobody's unless somebody wants it", async () => {
    await finished(10_000);
    expect(await spiders()).toEqual([]);
  });

  it("takes the spider's words before its project's, field by field", async () => {
    await limits().change(COMMAND, team.project, null, { retention: { days: 30, keepTags: ['keep'] } });
    await limits().change(COMMAND, team.project, 'b', { retention: { days: null, count: 5 } });
    const project = team.project;
    expect(await spiders()).toEqual([
      { project, spider: 1, days: 30, count: null, keepTags: ['keep'] },
      { project, spider: 2, days: null, count: 5, keepTags: ['keep'] },
    ]);
    expect(await store.keptSpiders({ project, spider: 1 }, 10)).toHaveLength(1);
  });

  it('deletes what is older, but nothing with a tag to keep, nothing that is being consumed, nothing that runs', async () => {
    await limits().change(COMMAND, team.project, null, {
      retention: { days: 30, keepTags: ['keep', 'audit'] },
    });
    const old = await finished(31);
    const others = [
      await finished(29),
      await finished(31, { tags: ['x', 'audit'] }),
      await finished(31),
      await add({ state: 'running', external: true }),
    ];
    const id = (await view.find(others[2] as JobKey))?.id;
    const lease = new Date(Date.now() + DAY_MS);
    const claim = { job_id: id, tag: 't', project_id: team.project, worker: 'w', lease_until: lease };
    await db.database('job_claims').insert(claim);
    expect(await expire()).toBe(1);
    expect(await view.find(old)).toMatchObject({ state: 'deleted', deletedBy: 'retention' });
    for (const key of others) expect((await view.find(key))?.state).not.toBe('deleted');
    expect(await expire()).toBe(0);
  });

  it('keeps the newest of each spider; jobs with a tag to keep do not count', async () => {
    await limits().change(COMMAND, team.project, null, { retention: { count: 2, keepTags: ['keep'] } });
    const ofA = [];
    for (const days of [5, 4, 3, 2]) ofA.push(await finished(days));
    const tagged = await finished(1, { tags: ['keep'] });
    const ofB = await finished(9, {}, 'b');
    expect(await expire(1)).toBe(1);
    expect((await view.find(ofA[0] as JobKey))?.state).toBe('deleted');
    expect(await expire()).toBe(1);
    const states = await Promise.all([...ofA, tagged, ofB].map(async (key) => (await view.find(key))?.state));
    expect(states).toEqual(['deleted', 'deleted', 'finished', 'finished', 'finished', 'finished']);
  });

  it('ends jobs that are too old also where there are few, and too many also where they are new', async () => {
    await limits().change(COMMAND, team.project, null, { retention: { days: 30, count: 2 } });
    for (const days of [40, 35]) await finished(days);
    for (const days of [3, 2, 1]) await finished(days, {}, 'b');
    expect(await expire()).toBe(3);
  });
});
