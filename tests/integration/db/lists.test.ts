import {
  DomainError,
  formatJobKey,
  type JobFilter,
  type JobKey,
  type JobStore,
  type JobView,
  service,
} from '@spiderhub/core';
import { createDatabase, createJobStore, createJobView } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

let db: TestDatabase;
let jobs: JobStore;
let view: JobView;
let team: Team;
let foreign: Team;
const keys: JobKey[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  view = createJobView(db.database);
  team = await makeTeam(db.database, 'acme');
  foreign = await makeTeam(db.database, 'foreign');
  const plan = [
    { spider: 'a', tags: ['x'] },
    { spider: 'a', tags: ['x', 'y'] },
    { spider: 'b', tags: ['y'] },
    { spider: 'b', tags: [] },
    { spider: 'b', tags: ['consumed'], state: 'finished' as const },
    { spider: 'a', tags: [], state: 'finished' as const },
  ];
  for (const { spider, ...more } of plan) {
    const [o] = await jobs.schedule([scheduleRequest(team.project, spider, more)]);
    if (o?.outcome === 'scheduled') keys.push({ project: team.project, spider: o.spider, job: o.job });
  }
  await jobs.schedule([scheduleRequest(foreign.project, 'a', { tags: ['x'] })]);
});
afterAll(() => db.close());

/** Indexes (in scheduling order) of the jobs that a filter selects, newest first. */
async function select(filter: Omit<JobFilter, 'project'>, count = 100, offset = 0): Promise<number[]> {
  const found = await view.page({ project: team.project, ...filter }, { count, offset });
  return found.map((job) => keys.findIndex((k) => k.spider === job.key.spider && k.job === job.key.job));
}

const MANY = Array.from({ length: 5000 }, (_, i) => `tag${i}`);

describe('lists', () => {
  it.each<[string, Omit<JobFilter, 'project'>, number[]]>([
    ['everything, newest first', {}, [5, 4, 3, 2, 1, 0]],
    ['one spider', { spiders: ['a'] }, [5, 1, 0]],
    ['two spiders', { spiders: ['a', 'b'] }, [5, 4, 3, 2, 1, 0]],
    ['an unknown spider', { spiders: ['zzz'] }, []],
    ['one state', { states: ['pending'] }, [3, 2, 1, 0]],
    ['two states', { states: ['pending', 'finished'] }, [5, 4, 3, 2, 1, 0]],
    ['any of two tags', { hasTag: ['x', 'y'] }, [2, 1, 0]],
    ['none of two tags', { lacksTag: ['x', 'y'] }, [5, 4, 3]],
    ['any of many tags', { hasTag: [...MANY, 'x', 'y'] }, [2, 1, 0]],
    ['none of many tags', { lacksTag: [...MANY, 'x', 'y'] }, [5, 4, 3]],
    ['the consumption marker', { lacksTag: ['consumed'], states: ['finished'] }, [5]],
    ['both tag filters', { hasTag: ['y'], lacksTag: ['x'] }, [2]],
  ])('filters by %s', async (_name, filter, expected) => {
    expect(await select(filter)).toEqual(expected);
    expect(await view.count({ project: team.project, ...filter })).toBe(expected.length);
  });

  it('look for many tags in time, where jobs have many', async () => {
    const { project } = await makeTeam(db.database, 'labelled');
    await db.database.raw(
      `insert into jobs (project_id, spider, number, state, priority, finished_at, tags)
      select ?, 1, n, 'finished', 2, now(), (select array_agg('other' || t) from generate_series(1, 500) t)
      from generate_series(1, 300) n`,
      [project],
    );
    const hurried = createDatabase(db.url, { statementMs: 4000 });
    try {
      const { count } = createJobView(hurried);
      expect(await count({ project, lacksTag: MANY })).toBe(300);
      expect(await count({ project, hasTag: MANY })).toBe(0);
      expect(await count({ project, hasTag: [...MANY, 'other7'] })).toBe(300);
    } finally {
      await hurried.destroy();
    }
  });

  it('pages', async () => {
    expect(await select({}, 2, 1)).toEqual([4, 3]);
    expect(await select({}, -2, 1)).toEqual([5, 4]);
  });

  it('names the jobs of a long page at once: none comes twice or is missed while others come and go', async () => {
    const { project } = await makeTeam(db.database, 'busy');
    const finish = (from: number, to: number) =>
      db.database.raw(
        `insert into jobs (project_id, spider, number, state, priority, finished_at, state_since)
        select ?, 1, n, 'finished', 2, now(), now() + n * interval '1 ms' from generate_series(?::int, ?::int) n`,
        [project, from, to],
      );
    await finish(1, 1300);
    const filter: JobFilter = { project, states: ['finished'], lacksTag: ['consumed'] };
    const seen: number[] = [];
    let pieces = 0;
    for await (const some of await view.keys(filter, { count: 1200, offset: 50 })) {
      if (pieces++ === 0) {
        await finish(1301, 1400);
        const change = { add: ['consumed'], remove: [] };
        await jobs.changeTags({ project, keys: some.slice(0, 400) }, change, service('me'));
        await jobs.remove({ project, keys: [{ project, spider: 1, job: 700 }], strict: true }, service('me'));
      }
      const page = await view.page({ ...filter, keys: some }, { count: some.length, offset: 0 });
      seen.push(...page.map(({ key }) => key.job));
    }
    expect(pieces).toBe(3);
    // The newest 400 were consumed meanwhile, and one is gone.
    const rest = Array.from({ length: 800 }, (_, n) => 850 - n).filter((number) => number !== 700);
    expect(seen).toEqual(rest);
  });

  it('finds jobs by key, never those of another project', async () => {
    expect(await select({ keys: [keys[2] as JobKey] })).toEqual([2]);
    expect(await select({ keys: [{ project: foreign.project, spider: 1, job: 1 }] })).toEqual([]);
  });

  it('streams every match of one snapshot', async () => {
    const { total, jobs: stream } = await view.stream({ project: team.project }, {});
    const seen: string[] = [];
    for await (const some of stream) {
      if (seen.length === 0) await jobs.schedule([scheduleRequest(team.project, 'a', { tags: ['late'] })]);
      seen.push(...some.map((job) => formatJobKey(job.key)));
    }
    expect(total).toBe(6);
    expect(seen).toHaveLength(6);
    await db.database('jobs').where({ project_id: team.project }).whereRaw("tags @> '{late}'").delete();
  });

  it('gives the connection back when a reader leaves early', async () => {
    for (let i = 0; i < 15; i++) {
      const { jobs: stream } = await view.stream({ project: team.project }, {});
      for await (const _jobs of stream) break;
    }
    expect(await view.count({ project: team.project })).toBe(6);
  });
});

describe('tags', () => {
  const tagsOf = async (key: JobKey) => (await view.find(key))?.tags;
  const target = () => ({ project: team.project, keys: [keys[3] as JobKey] });

  it('adds in order without repeats and removes what is there', async () => {
    const key = keys[3] as JobKey;
    expect(await jobs.changeTags(target(), { add: ['t1', 't2', 't1'], remove: [] }, service('me'))).toBe(1);
    expect(
      await jobs.changeTags(target(), { add: ['t2', 't3'], remove: ['t1', 'absent'] }, service('me')),
    ).toBe(1);
    expect(await tagsOf(key)).toEqual(['t2', 't3']);
    expect(await jobs.changeTags(target(), { add: [], remove: ['t2', 't3'] }, service('me'))).toBe(1);
    expect(await tagsOf(key)).toEqual([]);
  });

  it('are as many as a job may have, or nothing changes', async () => {
    const { project } = await makeTeam(db.database, 'collectors');
    const many = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `t${from + n}`);
    await jobs.schedule([
      scheduleRequest(project, 'a', { tags: many(0, 999) }),
      scheduleRequest(project, 'b'),
    ]);
    const change = (add: string[], remove: string[] = []) =>
      jobs.changeTags({ project, states: ['pending'] }, { add, remove }, service('me'));
    const lengths = async () =>
      (await view.page({ project }, { count: 2, offset: 0 }))
        .map(({ tags }) => tags.length)
        .toSorted((a, b) => a - b);
    await expect(change(['new', 'newer'])).rejects.toMatchObject({ kind: 'invalid', code: 'too_many_tags' });
    expect(await lengths()).toEqual([0, 999]);
    expect(await change(['new', 'newer', 't5'], ['t1', 't2'])).toBe(2);
    expect(await change(['newest', 't5'])).toBe(2);
    expect(await lengths()).toEqual([4, 1000]);
    await expect(change(['one more'])).rejects.toThrow(/^tags: job \d+\/1\/1 would have more than 1000$/);
    await db.database.raw(
      `update jobs set tags = tags || array['a', 'b'] where project_id = ? and spider = 1`,
      [project],
    );
    // A job that has too many can lose some.
    expect(await change(['one more'], ['a'])).toBe(2);
    expect(await lengths()).toEqual([5, 1002]);
  });

  it('changes all jobs of a filter and counts them', async () => {
    expect(
      await jobs.changeTags(
        { project: team.project, spiders: ['a'] },
        { add: ['z'], remove: [] },
        service('me'),
      ),
    ).toBe(3);
    expect(await select({ hasTag: ['z'] })).toEqual([5, 1, 0]);
    await jobs.changeTags(
      { project: team.project, hasTag: ['z'] },
      { add: [], remove: ['z'] },
      service('me'),
    );
  });

  it('changes nothing when one of the keys does not exist', async () => {
    const filter = {
      project: team.project,
      keys: [keys[0] as JobKey, { project: team.project, spider: 1, job: 77 }],
    };
    await expect(jobs.changeTags(filter, { add: ['no'], remove: [] }, service('me'))).rejects.toThrow(
      DomainError,
    );
    expect(await tagsOf(keys[0] as JobKey)).toEqual(['x']);
  });
});

describe('delete', () => {
  it('is all or nothing, hides the job and may be repeated', async () => {
    const [first] = keys as [JobKey];
    const missing = { project: team.project, spider: 2, job: 99 };
    await expect(
      jobs.remove({ project: team.project, keys: [first, missing], strict: true }, service('me')),
    ).rejects.toThrow('not found');
    expect((await view.find(first))?.state).toBe('pending');
    expect(
      await jobs.remove({ project: team.project, keys: [first], strict: true }, service('me')),
    ).toHaveLength(1);
    expect(await jobs.remove({ project: team.project, keys: [first], strict: true }, service('me'))).toEqual(
      [],
    );
    expect(await select({})).not.toContain(0);
    expect(await select({ states: ['deleted'] })).toEqual([0]);
    expect(await view.find(first)).toMatchObject({ state: 'deleted', deletedBy: 'me' });
  });
});
