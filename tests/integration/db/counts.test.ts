import { type JobFilter, type JobKey, type JobState, service } from '@spiderhub/core';
import {
  createAttemptStore,
  createDispatchStore,
  createJobStore,
  createJobView,
  createProjectStore,
} from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { planOf } from '../../support/plans.ts';
import { makeTeam, scheduleRequest } from '../../support/team.ts';

const ROUNDS = 25;
const LEASE_MS = 60_000;
const REPORT = {
  closeReason: 'finished',
  counts: { items: 0, pages: 0, logs: 0, errors: 0 },
  scrapyStats: null,
};
const NOTHING = { meta: new Map<string, string>(), forget: [] };

let db: TestDatabase;
let project: number;

beforeEach(async () => {
  db = await createTestDatabase();
  project = (await makeTeam(db.database)).project;
});
afterEach(() => db.close());

/** What differs between the counters and the rows, in one snapshot. */
const DIFFERENCES = `
  select coalesce(c.spider, r.spider) as spider, coalesce(c.state, r.state) as state, c.n as counted, r.n as rows
  from (
    select spider, state, sum(n) as n from (
      select * from job_counts union all select * from job_count_changes
    ) both_tables group by 1, 2 having sum(n) <> 0
  ) c
  full join (select spider, counted_state(state, external) as state, count(*) as n from jobs group by 1, 2) r using (spider, state)
  where c.n is distinct from r.n`;

async function differences(): Promise<unknown[]> {
  return (await db.database.raw<{ rows: unknown[] }>(DIFFERENCES)).rows;
}

describe('counters', () => {
  it('tell at every moment what there is, while jobs are scheduled, run, ended, stopped, moved and deleted', async () => {
    const jobs = createJobStore(db.database);
    const dispatch = createDispatchStore(db.database, { leaseMs: LEASE_MS });
    const attempts = createAttemptStore(db.database);
    const keys: JobKey[] = [];
    const some = (n: number) => keys.filter((_, at) => at % 7 === n);
    const repeat = async (work: (round: number) => Promise<unknown>) => {
      for (let round = 0; round < ROUNDS; round++) await work(round);
    };
    const run = async () => {
      for (const { id, attempt } of await dispatch.admit(0, 5)) {
        if (await attempts.claim(id, attempt, 'w1', LEASE_MS)) await attempts.finish(id, attempt, REPORT);
      }
    };
    await Promise.all([
      ...['a', 'b', 'a'].map((spider) =>
        repeat(async (round) => {
          const batch = Array.from({ length: 4 }, () =>
            scheduleRequest(project, spider, {
              external: round % 3 === 0,
              ...(round % 5 === 0 && { state: 'finished' }),
            }),
          );
          for (const o of await jobs.schedule(batch))
            if (o.outcome === 'scheduled') keys.push({ project, spider: o.spider, job: o.job });
        }),
      ),
      repeat(run),
      repeat(run),
      repeat(() => jobs.take(project, NOTHING, service('outside'))),
      repeat((round) =>
        jobs.stop({ project, keys: some(round % 7), strict: false }, { level: 1, by: service('me') }),
      ),
      repeat((round) =>
        jobs.remove({ project, keys: some(round % 7).slice(0, 2), strict: false }, service('me')),
      ),
      repeat((round) =>
        db.database.raw('delete from jobs where id = (select max(id) - 20 from jobs)').then(() => round),
      ),
      repeat(() => dispatch.foldCounts()),
      repeat(async () => expect(await differences()).toEqual([])),
    ]);
    const seen = await db.database('jobs').distinct('state').orderBy('state');
    expect(seen.map(({ state }) => state)).toEqual(
      expect.arrayContaining(['deleted', 'finished', 'running']),
    );
    expect(await differences()).toEqual([]);
    await dispatch.foldCounts();
    expect(await differences()).toEqual([]);
  });
});

describe('locks', () => {
  it('are taken in one order: jobs that are stopped while the leader admits them never wait in a circle', async () => {
    const jobs = createJobStore(db.database);
    const dispatch = createDispatchStore(db.database, { leaseMs: LEASE_MS });
    for (let round = 0; round < ROUNDS; round++) {
      // The last one scheduled is the first one admitted.
      const batch = Array.from({ length: 100 }, (_, n) => scheduleRequest(project, 'a', { rank: n }));
      const keys = (await jobs.schedule(batch)).flatMap((o) =>
        o.outcome === 'scheduled' ? [{ project, spider: o.spider, job: o.job }] : [],
      );
      const [admitted, stopped] = await Promise.all([
        dispatch.admit(0, keys.length),
        jobs.stop({ project, keys, strict: false }, { level: 1, by: service('me') }),
      ]);
      expect(stopped).toHaveLength(keys.length);
      expect(admitted.length).toBeLessThanOrEqual(keys.length);
    }
    expect(await db.database('jobs').distinct('state')).toEqual([{ state: 'finished' }]);
  });
});

const MANY = 3000;

describe('the count of a filter', () => {
  const view = () => createJobView(db.database);

  beforeEach(async () => {
    await db.database.raw(
      `insert into jobs (project_id, spider, number, state, priority, external, tags, finished_at, state_since)
      select :project, n % 2 + 1, n, case n % 500 when 0 then 'pending' when 1 then 'admitted' when 2 then 'running'
          when 3 then 'deleted' else 'finished' end, 2, n % 500 = 2,
        array_remove(array[case when n % 2 = 0 then 'half' end, case when n % 100 = 0 then 'rare' end,
          case when n < :many::int - 50 then 'consumed' end], null),
        now(), now() - n * interval '1 s'
      from generate_series(1, :many::int) n`,
      { project, many: MANY },
    );
    await db.database.raw('analyze jobs');
  });

  const states: JobState[][] = [['pending'], ['running'], ['finished'], ['deleted'], ['pending', 'finished']];
  const spiders = [['a'], ['b'], ['a', 'b'], ['nobody'], ['a', 'a']];
  const tags = [['half'], ['rare'], ['consumed'], ['nobody'], ['half', 'rare']];
  const filters: Omit<JobFilter, 'project'>[] = [
    {},
    ...states.map((one) => ({ states: one })),
    ...spiders.map((one) => ({ spiders: one })),
    ...spiders.map((one) => ({ spiders: one, states: ['finished' as const] })),
    ...tags.flatMap((one) => [{ hasTag: one }, { lacksTag: one }]),
    ...tags.flatMap((one) => [
      { hasTag: one, states: ['finished' as const] },
      { lacksTag: one, spiders: ['a'] },
      { hasTag: one, lacksTag: ['rare'] },
    ]),
    { since: new Date(Date.now() - 1_000_000) },
  ];

  it('is what a look at each row gives', async () => {
    for (const filter of filters) {
      let rows = 0;
      const stream = await view().stream({ project, ...filter }, {});
      for await (const jobs of stream.jobs) rows += jobs.length;
      const query = db.database('jobs').where({ project_id: project });
      if (filter.states)
        query.whereRaw("case state when 'admitted' then 'pending' else state end = any(?)", [filter.states]);
      else query.whereNot({ state: 'deleted' });
      if (filter.spiders)
        query.whereIn(
          'spider',
          filter.spiders.map((name) => ['', 'a', 'b'].indexOf(name)),
        );
      if (filter.hasTag) query.whereRaw('tags && ?::text[]', [filter.hasTag]);
      if (filter.lacksTag) query.whereRaw('not tags && ?::text[]', [filter.lacksTag]);
      if (filter.since) query.where('state_since', '>=', filter.since);
      const expected = Number((await query.count().first())?.count);
      expect({
        filter,
        count: await view().count({ project, ...filter }),
        rows,
        total: stream.total,
      }).toEqual({
        filter,
        count: expected,
        rows: expected,
        total: expected,
      });
    }
  });

  it.each<[string, Omit<JobFilter, 'project'>]>([
    ['a project', {}],
    ['states', { states: ['finished', 'pending'] }],
    ['a spider', { spiders: ['a'] }],
    ['spiders and a state', { spiders: ['a', 'b'], states: ['running'] }],
  ])('looks at no job for %s', async (_what, filter) => {
    const plan = await planOf(db.database, () => view().count({ project, ...filter }));
    expect([...plan.wholeTables, ...plan.indexes].filter((name) => name.startsWith('jobs'))).toEqual([]);
  });

  it.each<[string, Omit<JobFilter, 'project'>]>([
    ['the few that lack a marker', { lacksTag: ['consumed'] }],
    ['an unknown tag, which all lack', { lacksTag: ['unknown'] }],
    ['a tag that few have', { hasTag: ['rare'] }],
    ['a tag that few lack', { hasTag: ['consumed'] }],
  ])('looks at few jobs for %s', async (_what, filter) => {
    const plan = await planOf(db.database, () => view().count({ project, ...filter }));
    expect(plan.mostRows).toBeLessThan(MANY - 500);
  });

  it("is the queue's, too", async () => {
    const projects = createProjectStore(db.database);
    const expected = { project, pending: 12, running: 6, finished: MANY - 24, runningUnits: 6 };
    expect(await projects.queueCounts(project)).toEqual(expected);
    expect(await projects.busyQueues([project])).toEqual([expected]);
    expect(await projects.busyQueues([project + 1])).toEqual([]);
    const plan = await planOf(db.database, () => projects.queueCounts(project));
    expect(plan.mostRows).toBeLessThan(100);
  });
});
