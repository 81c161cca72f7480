import {
  COMMAND,
  type DispatchStore,
  type JobKey,
  type JobqView,
  type JobState,
  type JobStore,
  type JobView,
  type ScheduleRequest,
  service,
} from '@spiderhub/core';
import {
  createActivityStore,
  createAttemptStore,
  createDispatchStore,
  createJobqView,
  createJobStore,
  createJobView,
  createProjectStore,
  createSpiderStore,
} from '@spiderhub/db';
import { metadataChange } from '@spiderhub/hub';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const NOTHING = metadataChange(new Map());

let db: TestDatabase;
let jobs: JobStore;
let view: JobView;
let jobqView: JobqView;
let dispatch: DispatchStore;
let team: Team;

beforeEach(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  view = createJobView(db.database);
  jobqView = createJobqView(db.database);
  dispatch = createDispatchStore(db.database, { leaseMs: 0 });
  team = await makeTeam(db.database);
});
afterEach(() => db.close());

async function add(more: Partial<ScheduleRequest> = {}, spider = 'a'): Promise<JobKey> {
  const [o] = await jobs.schedule([scheduleRequest(team.project, spider, more)]);
  if (o?.outcome !== 'scheduled') throw new Error('not scheduled');
  return { project: team.project, spider: o.spider, job: o.job };
}

async function pause(): Promise<void> {
  await db.database('projects').where({ id: team.project }).update({ paused: true });
}

/** One of our own workers runs it. */
async function claimed(key: JobKey): Promise<{ id: number; attempt: number }> {
  const [ticket] = await dispatch.admit(0, 1);
  if (!ticket || ticket.id !== (await view.find(key))?.id) throw new Error('another job was admitted');
  await createAttemptStore(db.database).claim(ticket.id, ticket.attempt, 'w1', 60_000);
  return ticket;
}

function move(key: JobKey, state: JobState | null, fields: Record<string, string> = {}) {
  const { project, spider, job } = key;
  return jobs.move({
    project,
    spider,
    job,
    state,
    change: metadataChange(new Map(Object.entries(fields))),
    by: service('me'),
  });
}

describe('startjob', () => {
  it('takes jobs of a paused project by priority, then in the order of scheduling', async () => {
    await pause();
    const keys: JobKey[] = [];
    for (const priority of [2, 4, 2, 0, 4] as const) keys.push(await add({ priority }));
    const taken: number[] = [];
    for (let i = 0; i < 5; i++) {
      const key = await jobs.take(team.project, NOTHING, service('outside'));
      taken.push(keys.findIndex((one) => one.job === key?.job));
    }
    expect(taken).toEqual([1, 4, 0, 2, 3]);
    expect(await jobs.take(team.project, NOTHING, service('outside'))).toBeNull();
  });

  it('makes the job the caller’s: running, with what the caller says of it', async () => {
    await pause();
    const key = await add();
    await jobs.take(team.project, metadataChange(new Map([['host', '"x"']])), service('outside'));
    expect(await view.find(key)).toMatchObject({
      state: 'running',
      startedBy: 'outside',
      external: true,
      meta: { host: '"x"' },
    });
    expect(await dispatch.admit(0, 10)).toEqual([]);
    expect(await dispatch.reap()).toEqual([]);
  });

  it('gives one job to exactly one of twenty callers', async () => {
    await pause();
    for (let i = 0; i < 8; i++) await add();
    const taken = await Promise.all(
      Array.from({ length: 20 }, () => jobs.take(team.project, NOTHING, service('x'))),
    );
    const numbers = taken.flatMap((key) => (key ? [key.job] : [])).sort((x, y) => x - y);
    expect(new Set(numbers).size).toBe(numbers.length);
    // A caller that skipped a locked row may have found nothing; what is left is still there.
    while (numbers.length < 8) {
      const key = await jobs.take(team.project, NOTHING, service('x'));
      expect(key).not.toBeNull();
      numbers.push(key?.job ?? 0);
    }
    expect(numbers.sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('leaves jobs of our own workers alone, and those of other projects', async () => {
    const other = await makeTeam(db.database, 'other');
    await db.database('projects').where({ id: other.project }).update({ paused: true });
    await jobs.schedule([scheduleRequest(other.project, 'a')]);
    await add();
    const outside = await add({ external: true });
    expect(await jobs.take(team.project, NOTHING, service('x'))).toEqual(outside);
    expect(await jobs.take(team.project, NOTHING, service('x'))).toBeNull();
  });

  it('takes what our leader did not admit before the project was paused', async () => {
    await add();
    const second = await add();
    await dispatch.admit(0, 1);
    await pause();
    expect(await jobs.take(team.project, NOTHING, service('x'))).toEqual(second);
    expect(await jobs.take(team.project, NOTHING, service('x'))).toBeNull();
  });
});

describe('update', () => {
  it('moves a job through its life and tells where it came from', async () => {
    const key = await add();
    expect(await move(key, 'running')).toEqual([{ key, previous: 'pending', worker: null }]);
    const running = await view.find(key);
    expect(running).toMatchObject({ state: 'running', startedBy: 'me', scheduledBy: 'test', external: true });
    expect(await move(key, 'finished', { close_reason: '"failed"', foo: '1.0' })).toMatchObject([
      { previous: 'running' },
    ]);
    expect(await view.find(key)).toMatchObject({
      state: 'finished',
      completedBy: 'me',
      closeReason: 'failed',
      runningAt: running?.runningAt,
      meta: { foo: '1.0' },
    });
    expect(await move(key, 'finished')).toMatchObject([{ previous: 'finished' }]);
    expect(await move(key, 'deleted')).toMatchObject([{ previous: 'finished' }]);
    expect(await move(key, 'finished')).toEqual([]);
    expect(await view.find(key)).toMatchObject({ state: 'deleted', deletedBy: 'me', closeReason: 'failed' });
  });

  it('keeps times of a state that a job is in already', async () => {
    const key = await add({ state: 'finished', external: true });
    const before = await view.find(key);
    await move(key, 'finished', { x: '1' });
    expect(await view.find(key)).toEqual({ ...before, meta: { x: '1' } });
  });

  it('passes over unknown jobs', async () => {
    expect(await move({ project: team.project, spider: 1, job: 99 }, 'finished')).toEqual([]);
    expect(await move({ project: team.project + 1, spider: 1, job: 1 }, 'finished')).toEqual([]);
  });

  it('reaches all jobs of a spider: pending, running, finished, the oldest first', async () => {
    const finished = await add({ state: 'finished', external: true });
    const running = await add({ state: 'running', external: true });
    const pending = [await add(), await add()];
    const deleted = await add({ state: 'deleted', external: true });
    const foreign = await add({}, 'b');
    const { spider } = finished;
    const updated = await jobs.move({
      project: team.project,
      spider,
      job: null,
      state: 'finished',
      change: metadataChange(new Map([['foo', '"bar"']])),
      by: service('me'),
    });
    expect(updated.map(({ key }) => key)).toEqual([...pending, running, finished]);
    expect(updated.map(({ previous }) => previous)).toEqual(['pending', 'pending', 'running', 'finished']);
    expect(await view.find(deleted)).toMatchObject({ state: 'deleted', meta: {} });
    expect(await view.find(foreign)).toMatchObject({ state: 'pending', meta: {} });
  });

  it('takes a job away from the worker that runs it', async () => {
    const key = await add();
    const { id, attempt } = await claimed(key);
    expect(await move(key, 'finished', { close_reason: '"by hand"' })).toEqual([
      { key, previous: 'running', worker: 'w1' },
    ]);
    const attempts = createAttemptStore(db.database);
    const counts = { items: 9, pages: 0, logs: 0, errors: 0 };
    expect(await attempts.heartbeat('w1', [{ id, attempt, counts }], 1000)).toEqual([]);
    expect(await view.find(key)).toMatchObject({ closeReason: 'by hand', counts: { items: 0 } });
  });

  it('voids the ticket of a job that somebody else starts', async () => {
    const key = await add();
    const [ticket] = await dispatch.admit(0, 1);
    expect(await move(key, 'running')).toMatchObject([{ previous: 'pending' }]);
    const claim = await createAttemptStore(db.database).claim(
      ticket?.id ?? 0,
      ticket?.attempt ?? 0,
      'w1',
      1000,
    );
    expect(claim).toBeNull();
  });

  it('refuses to make a job active beside its duplicate', async () => {
    const key = await add({ uniqueKey: 'u', state: 'pending' });
    await move(key, 'finished');
    await add({ uniqueKey: 'u' });
    await expect(move(key, 'pending')).rejects.toThrow('Active job exists');
    expect((await view.find(key))?.state).toBe('finished');
  });

  it('changes known metadata in its place', async () => {
    const key = await add();
    await move(key, null, {
      tags: '["t1","t2"]',
      priority: '4',
      units: '2',
      version: '"9"',
      spider_args: '{"a":"1"}',
      job_settings: '{"S":1}',
      scrapystats: '{"n":1.0}',
    });
    expect(await view.find(key)).toMatchObject({
      state: 'pending',
      tags: ['t1', 't2'],
      priority: 4,
      units: 2,
      version: '9',
      args: { a: '1' },
      settings: { S: '1' },
      scrapyStats: '{"n":1.0}',
      meta: {},
    });
  });
});

describe('metadata', () => {
  it('is set and removed field by field, in any state', async () => {
    const key = await add({ meta: { a: '1' } });
    await move(key, 'deleted');
    const change = (set: Record<string, string>, forget: string[] = []) =>
      jobs.describe(key, { meta: new Map(Object.entries(set)), forget });
    expect(await change({ b: 'NaN', 'odd\nname': '"\\u0000"' })).toBe(true);
    expect(await change({ a: '2' }, ['b', 'never'])).toBe(true);
    expect((await view.find(key))?.meta).toEqual({ a: '2', 'odd\nname': '"\\u0000"' });
    expect(await jobs.describe({ ...key, job: 99 }, NOTHING)).toBe(false);
  });

  it('goes when the job is purged, and the job reads as deleted', async () => {
    const key = await add({ meta: { a: '1' } });
    await jobs.remove({ project: team.project, keys: [key], strict: false }, service('me'), { forget: true });
    expect(await view.find(key)).toMatchObject({ state: 'deleted', meta: {} });
  });
});

describe('cancel', () => {
  it('ends pending jobs, asks running ones to stop and counts only these', async () => {
    const pending = await add();
    const running = await add({ state: 'running', external: true });
    const finished = await add({ state: 'finished', external: true });
    const missing = { ...pending, job: 99 };
    const foreign = { ...pending, project: team.project + 1 };
    const keys = [pending, running, finished, missing, foreign];
    const stopped = await jobs.stop(
      { project: team.project, keys, strict: false },
      { level: 1, by: service('me') },
    );
    expect(stopped.map(({ previous }) => previous).sort()).toEqual(['pending', 'running']);
    expect(await view.find(pending)).toMatchObject({
      state: 'finished',
      closeReason: 'cancelled',
      cancelledBy: 'me',
    });
    expect(await view.find(running)).toMatchObject({
      state: 'running',
      stopRequested: true,
      cancelledBy: 'me',
    });
  });
});

describe('counts over HTTP', () => {
  const counts = { items: 5, logs: 2 };

  it('are kept for jobs in the hands of others', async () => {
    const key = await add({ state: 'running', external: true });
    const job = await view.find(key);
    await jobs.saveCounts(job?.id ?? 0, 0, counts);
    expect((await view.find(key))?.counts).toEqual({ items: 5, pages: 0, logs: 2, errors: 0 });
  });

  it('never overwrite those of our own worker', async () => {
    const key = await add();
    const { id, attempt } = await claimed(key);
    await jobs.saveCounts(id, attempt, counts);
    expect((await view.find(key))?.counts.items).toBe(0);
  });
});

describe('lists', () => {
  it('name the last finished job of each spider', async () => {
    await add({ state: 'finished', external: true });
    const lastA = await add({ state: 'finished', external: true });
    const lastB = await add({ state: 'finished', external: true }, 'b');
    await add({}, 'b');
    const keys = async (page = {}) => (await jobqView.lastFinished(team.project, page)).map((job) => job.key);
    expect(await keys()).toEqual([lastA, lastB]);
    expect(await keys({ spider: lastB.spider })).toEqual([lastB]);
    expect(await keys({ afterSpider: lastA.spider })).toEqual([lastB]);
    expect(await keys({ count: 1 })).toEqual([lastA]);
    expect(await keys({ count: 1, offset: 1 })).toEqual([lastB]);
  });

  it('show all details, newest first', async () => {
    await add({ meta: { a: '1' } });
    await add({ meta: { a: '2' } });
    const page = await jobqView.details({ project: team.project }, { count: 5, offset: 0 });
    expect(page.map((job) => job.meta.a)).toEqual(['2', '1']);
  });

  it('count the queues of projects', async () => {
    const projects = createProjectStore(db.database);
    await add();
    await dispatch.admit(0, 1);
    await add();
    await add({ state: 'running', external: true, units: 3 });
    await add({ state: 'finished', external: true });
    const idle = await makeTeam(db.database, 'idle');
    const counts = { project: team.project, pending: 2, running: 1, finished: 1, runningUnits: 3 };
    expect(await projects.queueCounts(team.project)).toEqual(counts);
    expect(await projects.busyQueues(null)).toEqual([counts]);
    expect(await projects.busyQueues([idle.project])).toEqual([]);
    expect(await projects.queueCounts(idle.project)).toMatchObject({ pending: 0, finished: 0 });
  });
});

describe('activity of jobs', () => {
  it('tells each step once, whoever took it', async () => {
    const key = await add();
    const { id, attempt } = await claimed(key);
    const attempts = createAttemptStore(db.database);
    await attempts.heartbeat(
      'w1',
      [{ id, attempt, counts: { items: 1, pages: 0, logs: 0, errors: 0 } }],
      1000,
    );
    await jobs.stop({ project: team.project, keys: [key], strict: true }, { level: 1, by: service('me') });
    await jobs.stop({ project: team.project, keys: [key], strict: true }, { level: 1, by: service('me') });
    const counts = { items: 1, pages: 0, logs: 0, errors: 0 };
    await attempts.finish(id, attempt, { closeReason: 'cancelled', counts, scrapyStats: null });
    await jobs.remove({ project: team.project, keys: [key], strict: true }, service('you'));
    await add({ state: 'finished', external: true });
    const events = await createActivityStore(db.database).page(team.project, null, 100);
    const text = `${key.project}/${key.spider}/`;
    expect(events.map(({ event }) => JSON.parse(event))).toEqual([
      { job: `${text}2`, event: 'job:completed', user: 'test' },
      { job: `${text}1`, event: 'job:deleted', user: 'you' },
      { job: `${text}1`, event: 'job:completed', user: 'jobrunner' },
      { job: `${text}1`, event: 'job:cancelled', user: 'me' },
      { job: `${text}1`, event: 'job:started', user: 'jobrunner' },
      { job: `${text}1`, event: 'job:scheduled', user: 'test' },
    ]);
  });
});

describe('project and spider', () => {
  it('keep settings verbatim and change them one by one', async () => {
    const projects = createProjectStore(db.database);
    await projects.changeSettings(
      COMMAND,
      team.project,
      new Map([
        ['n', '12345678901234567890'],
        ['l', '["a"]'],
      ]),
      [],
    );
    await projects.changeSettings(COMMAND, team.project, new Map([['m', '{"x": 1.0}']]), ['l', 'never']);
    expect(await projects.settings(team.project)).toEqual(
      new Map([
        ['n', '12345678901234567890'],
        ['m', '{"x": 1.0}'],
      ]),
    );
    await expect(projects.changeSettings(COMMAND, team.project, new Map([['x', 'NaN']]), [])).rejects.toThrow(
      'x: ',
    );
  });

  it('tag spiders, sorted and without repeats', async () => {
    const spiders = createSpiderStore(db.database);
    await spiders.changeTags(COMMAND, team.project, 1, { add: ['new1', 'new2'], remove: [] });
    const changed = await spiders.changeTags(COMMAND, team.project, 1, {
      add: ['new3', 'new2'],
      remove: ['new1'],
    });
    expect(changed).toMatchObject({
      name: 'a',
      tags: ['new2', 'new3'],
      version: '1.0',
      projectName: 'acme-project',
    });
    expect(await spiders.changeTags(COMMAND, team.project, 99, { add: ['x'], remove: [] })).toBeNull();
  });
});
