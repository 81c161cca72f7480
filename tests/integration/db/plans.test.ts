import { type JobFilter, readJobSearch } from '@spiderhub/core';
import {
  createClaimStore,
  createJobqView,
  createJobSearchView,
  createJobView,
  createProjectLooks,
  createScrapydView,
} from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { planOf } from '../../support/plans.ts';
import { makeTeam } from '../../support/team.ts';

const JOBS = 40_000;
const SPIDERS = 100;
/** What one step of a page of ten may read: far from the history's length, and from a spider's 400 jobs. */
const PAGE_ROWS = 200;

/** Jobs whose details are looked into for one answer. */
const LOOK_AT_DETAILS = 5000;

let db: TestDatabase;
let project: number;

beforeAll(async () => {
  db = await createTestDatabase();
  const spiders = Array.from({ length: SPIDERS }, (_, n) => `spider-${n + 1}`);
  project = (await makeTeam(db.database, 'acme', spiders)).project;
  await db.database.raw('alter table jobs disable trigger user');
  await db.database.raw(
    `insert into jobs (project_id, spider, number, state, attempt, priority, tags, state_since, running_at, finished_at)
    select :project, n % :spiders::int + 1, n, 'finished', 1, 2,
      array_remove(array[case when n % 10 <> 0 then 'daily' end, case when n % 4000 = 0 then 'rare' end,
        case when n < 5000 then 'old' end, case when n < :jobs::int - 100 then 'consumed' end], null),
      t, t, t
    from generate_series(1, :jobs::int) n, lateral (select now() - (:jobs::int - n) * interval '1 s' as t) x`,
    { project, spiders: SPIDERS, jobs: JOBS },
  );
  await db.database.raw(
    `insert into jobs (project_id, spider, number, state, priority, external, running_at, pending_at)
    select ?, n, 100000 + n, case when n <= 20 then 'pending' else 'running' end, 2, true, now(), now()
    from generate_series(1, 25) n`,
    [project],
  );
  await db.database.raw('insert into job_details (job_id) select id from jobs');
  await db.database.raw('alter table jobs enable trigger user');
  await db.database.raw('vacuum analyze jobs, job_details, spiders');
});
afterAll(() => db.close());

const JOINED = /^(jobs_pkey|spiders_\w+|job_details_pkey|projects_pkey|leases_pkey)$/;

/** Indexes that find the jobs, beside those that join what belongs to them. */
function found(indexes: string[]): string[] {
  return indexes.filter((name) => !JOINED.test(name));
}

type Filter = Omit<JobFilter, 'project'>;

describe('the plan of a list', () => {
  it.each<[string, Filter, RegExp]>([
    // The three examples of the Jobs API's page come first.
    ['finished jobs of a spider', { spiders: ['spider-7'], states: ['finished'] }, /^jobs_list_spider$/],
    ['running jobs', { states: ['running'] }, /^jobs_(list_state|live|running)$/],
    ['jobs that lack consumed', { lacksTag: ['consumed'] }, /^jobs_(unconsumed|list_state|live)/],
    ['all jobs', {}, /^jobs_list(_state)?$/],
    ['finished jobs', { states: ['finished'] }, /^jobs_list(_state)?$/],
    ['waiting jobs', { states: ['pending'] }, /^jobs_(list_state|waiting|live)/],
    ['jobs of a spider', { spiders: ['spider-7'] }, /^jobs_(list_spider|live|waiting)/],
    ['jobs of two spiders', { spiders: ['spider-7', 'spider-8'] }, /^jobs_(list_spider|live|waiting)/],
    ['jobs of two states', { states: ['pending', 'finished'] }, /^jobs_(list|waiting|live)/],
    [
      'finished jobs that lack consumed',
      { states: ['finished'], lacksTag: ['consumed'] },
      /^jobs_unconsumed/,
    ],
    [
      'jobs of a spider that lack consumed',
      { spiders: ['spider-7'], states: ['finished'], lacksTag: ['consumed'] },
      /^jobs_unconsumed_spider$/,
    ],
    ['jobs that lack an unknown tag', { lacksTag: ['nobody'] }, /^jobs_(list|waiting|live)/],
  ])('finds %s by an index, newest first', async (_what, filter, expected) => {
    const view = createJobView(db.database);
    const plan = await planOf(db.database, () => view.page({ project, ...filter }, { count: 10, offset: 0 }));
    expect(plan.wholeTables).not.toContain('jobs');
    expect(found(plan.indexes).filter((name) => !expected.test(name))).toEqual([]);
    expect(plan.mostRows).toBeLessThanOrEqual(PAGE_ROWS);
  });

  it.each([
    ['a tag that most jobs carry is found among the newest', 'daily', 1100],
    ['a rare tag by the index of tags', 'rare', 1100],
    ['a tag that no job carries by the index of tags', 'nobody', 1100],
    ['a tag of old jobs by the index of tags', 'old', 5100],
  ])('%s', async (_what, tag, mostRows) => {
    const view = createJobView(db.database);
    const page = () => view.page({ project, hasTag: [tag] }, { count: 10, offset: 0 });
    const plan = await planOf(db.database, page);
    expect(plan.wholeTables).not.toContain('jobs');
    expect(plan.mostRows).toBeLessThanOrEqual(mostRows);
    const { rows } = await db.database.raw(
      `select id from jobs where project_id = ? and tags @> array[?] order by state_since desc, id desc limit 10`,
      [project, tag],
    );
    expect((await page()).map((job) => job.id)).toEqual(rows.map((row: { id: string }) => Number(row.id)));
  });

  it('with all details is the same', async () => {
    const view = createJobqView(db.database);
    const filter = { project, states: ['finished' as const] };
    const plan = await planOf(db.database, () => view.details(filter, { count: 10, offset: 0 }));
    expect(plan.mostRows).toBeLessThanOrEqual(PAGE_ROWS);
  });

  it("of each spider's last finished job reads one row a spider", async () => {
    const view = createJobqView(db.database);
    const plan = await planOf(db.database, () => view.lastFinished(project, {}));
    expect(plan.indexes).toContain('jobs_list_spider');
    expect(plan.mostRows).toBeLessThanOrEqual(2 * SPIDERS);
  });
});

describe('the plan of a search', () => {
  // Half of all jobs: what a search looks at where no index helps it.
  const LOOK = 20_100;

  it.each<[string, string, number, RegExp]>([
    ['', '', PAGE_ROWS, /^jobs_list$/],
    ['of a spider', 'spider:spider-7', PAGE_ROWS, /^jobs_(list_spider|waiting)/],
    ['of failed jobs', 'state:failed', PAGE_ROWS, /^jobs_failed$/],
    ['of a state', 'state:running', PAGE_ROWS, /^jobs_list_state$/],
    // The word may be a tag, too, and a rare one.
    ['by a word', 'spider-77', LOOK, /^jobs_(list|tags|waiting)/],
    ['of a day', 'since:1h', PAGE_ROWS, /^jobs_list$/],
    ['for what is not consumed', 'state:finished -tag:consumed', PAGE_ROWS, /^jobs_unconsumed$/],
    ['for a tag that most have', 'tag:daily', PAGE_ROWS, /^jobs_list$/],
    ['for a rare tag', 'tag:rare', LOOK, /^jobs_(list|tags)$/],
    ['for nothing that there is', 'items:>5', LOOK, /^jobs_list$/],
    ['of those that were cancelled', 'state:cancelled', LOOK, /^jobs_list(_state)?$/],
    ['of those that went well', 'state:ok', LOOK, /^jobs_list(_state)?$/],
    ['by a close reason', 'reason:memusage', LOOK, /^jobs_list$/],
    ['by a version', 'version:2.0', LOOK, /^jobs_list$/],
  ])('%s reads a page, and never the history', async (_what, q, mostRows, expected) => {
    const view = createJobSearchView(db.database);
    const search = readJobSearch(q, new Date());
    for (const order of ['newest', 'oldest'] as const) {
      const work = () => view.page(project, search, { after: null, limit: 10, order });
      const plan = await planOf(db.database, work);
      expect(plan.wholeTables).not.toContain('jobs');
      expect(found(plan.indexes).filter((name) => !expected.test(name))).toEqual([]);
      // The oldest jobs that lack a tag may lie behind many that have it.
      if (order === 'newest') expect(plan.mostRows).toBeLessThanOrEqual(mostRows);
      const { next } = await work();
      if (next) {
        const later = () => view.page(project, search, { after: next, limit: 10, order });
        expect((await planOf(db.database, later)).mostRows).toBeLessThanOrEqual(LOOK);
      }
    }
    const counting = await planOf(db.database, () => view.matching(project, search));
    expect(counting.wholeTables).not.toContain('jobs');
    expect(counting.mostRows).toBeLessThanOrEqual(LOOK);
  });

  it.each(['args.day:never', '-args.day:never', 'settings.DEPTH:1'])(
    'by what jobs were started with (%s) looks into so many jobs and no more, to list and to count',
    async (q) => {
      const view = createJobSearchView(db.database);
      const search = readJobSearch(q, new Date());
      const page = { after: null, limit: 10, order: 'newest' } as const;
      for (const work of [() => view.page(project, search, page), () => view.matching(project, search)]) {
        const plan = await planOf(db.database, work);
        expect(plan.wholeTables.filter((name) => name !== 'spiders')).toEqual([]);
        expect(plan.mostRows).toBeLessThanOrEqual(LOOK_AT_DETAILS);
      }
    },
  );

  it('of the runs of all spiders reads as many rows as it shows', async () => {
    const view = createJobSearchView(db.database);
    const spiders = Array.from({ length: SPIDERS }, (_, n) => n + 1);
    const plan = await planOf(db.database, () => view.runs(project, spiders, { count: 30, good: false }));
    expect(plan.wholeTables).not.toContain('jobs');
    expect(plan.mostRows).toBeLessThanOrEqual(30 * SPIDERS);
  });
});

describe('the plan of a look at a project that is watched', () => {
  it.each([
    ['with jobs that are watched', [{ spider: 7, job: 7 }], false],
    ['with those that run', [], true],
  ] as const)('%s reads those and no others', async (_what, jobs, isActive) => {
    const looks = createProjectLooks(db.database);
    const keys = jobs.map((job) => ({ project, ...job }));
    const plan = await planOf(db.database, () => looks.look(project, { keys, isActive }));
    expect(plan.wholeTables).not.toContain('jobs');
    expect(found(plan.indexes).filter((name) => name.startsWith('jobs_'))).toEqual([
      expect.stringMatching(
        isActive ? /^jobs_(list_state|live|running)$/ : /^jobs_project_id_spider_number_key$/,
      ),
    ]);
    // Counters of all spiders are summed.
    expect(plan.mostRows).toBeLessThanOrEqual(5 * SPIDERS);
  });
});

describe('the plan of a claim', () => {
  it.each<[string, Filter, string, RegExp]>([
    ['of a project', {}, 'consumed', /^jobs_unconsumed/],
    ['of a spider', { spiders: ['spider-7'] }, 'consumed', /^jobs_unconsumed/],
  ])('%s reads only what is not consumed', async (_what, filter, tag, expected) => {
    const claims = createClaimStore(db.database);
    const plan = await planOf(db.database, () =>
      claims.claim({ filter: { project, ...filter }, tag, count: 5, leaseMs: 1, worker: 'me' }),
    );
    expect(plan.wholeTables).not.toContain('jobs');
    expect(found(plan.indexes).filter((name) => name.startsWith('jobs_'))).toEqual([
      expect.stringMatching(expected),
    ]);
    expect(plan.mostRows).toBeLessThanOrEqual(PAGE_ROWS);
  });
});

describe("the plan of Scrapyd's lists", () => {
  it.each([
    ['all of them', undefined],
    ['one spider', 'spider-7'],
  ])('reads the newest finished jobs: %s', async (_what, spider) => {
    const view = createScrapydView(db.database);
    const range = { projects: [project], spider, offset: 0 };
    const limits = { pending: 10, running: 10, finished: 10 };
    const style = { prefix: '', timeZone: 'UTC', escape: (text: string) => text };
    const first: string[] = [];
    const plan = await planOf(db.database, async () => {
      for await (const { piece } of view.listing(['finished'], range, limits, style)) first.push(piece);
    });
    expect(first).not.toEqual([]);
    expect(plan.wholeTables).not.toContain('jobs');
    expect(plan.mostRows).toBeLessThanOrEqual(PAGE_ROWS);
  });
});
