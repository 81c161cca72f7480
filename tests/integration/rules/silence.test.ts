import {
  COMMAND,
  type JobKey,
  lookedAt,
  type NoRun,
  type Rule,
  type RuleConditions,
  reactTo,
} from '@spiderhub/core';
import { createJobStore, createReactionStore, createRuleStore } from '@spiderhub/db';
import { createTestDatabase, eventsTold, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

let db: TestDatabase;
let team: Team;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.database('rule_watches').delete();
  team = await makeTeam(db.database, `team-${Math.random()}`);
});
afterAll(() => db.close());

const WHEN: RuleConditions = {
  spiders: ['a'],
  hasTag: [],
  outcomes: [],
  exceptOutcomes: [],
  minErrors: null,
  isEmpty: false,
  lastWithTag: null,
  noRun: null,
};
const NO_RUN: NoRun = { hours: 24, of: 'end', schedule: null, recovery: true };
const rules = () => createRuleStore(db.database);

async function rule(noRun: Partial<NoRun> = {}, when: Partial<RuleConditions> = {}): Promise<Rule> {
  const plan = {
    name: 'nightly',
    when: { ...WHEN, ...when, noRun: { ...NO_RUN, ...noRun } },
    action: { channel: 'slack' as const, url: 'https://hooks.example.org/x' },
    disabled: false,
  };
  return rules().create(COMMAND, team.project, plan, 200);
}

const look = () => createReactionStore(db.database).lookAround(100, lookedAt);

/** As if so many hours had passed for watches and jobs. */
async function pass(hours: number): Promise<void> {
  const ago = (column: string) => db.database.raw(`?? - ? * interval '1 hour'`, [column, hours]);
  await db.database('rule_watches').update({
    look_at: ago('look_at'),
    looked_at: ago('looked_at'),
    silent_since: ago('silent_since'),
  });
  await db
    .database('jobs')
    .where({ project_id: team.project })
    .update({
      state_since: ago('state_since'),
      running_at: ago('running_at'),
      finished_at: ago('finished_at'),
    });
}

async function start(spider = 'a', more: object = {}): Promise<JobKey> {
  const request = scheduleRequest(team.project, spider, { state: 'running', external: true, ...more });
  const [made] = await createJobStore(db.database).schedule([request]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  return { project: team.project, spider: made.spider, job: made.job };
}

async function finish(key: JobKey, closeReason = 'finished'): Promise<void> {
  const change = { closeReason, meta: new Map<string, string>(), forget: [] };
  await createJobStore(db.database).move({ ...key, state: 'finished', change, by: COMMAND });
}

async function run(spider = 'a', closeReason = 'finished', more: object = {}): Promise<JobKey> {
  const key = await start(spider, more);
  await finish(key, closeReason);
  return key;
}

async function told(): Promise<string[]> {
  const rows = await db
    .database('webhook_messages')
    .where({ project_id: team.project })
    .orderBy('created_at');
  return rows.map(({ body }) => (JSON.parse(body) as { text: string }).text);
}

it('tells once that nothing ended for so long, and once that it runs again', async () => {
  const one = await rule();
  await run();
  await pass(23);
  await look();
  expect(await told()).toEqual([]);
  await pass(2);
  await look();
  await look();
  const silent = `nightly: no run of a of project ${team.project} ended for 24 hours`;
  expect(await told()).toEqual([silent]);
  await pass(1);
  await look();
  await run('b');
  await pass(1);
  await look();
  expect(await told()).toEqual([silent]);
  const { spider, job } = await run();
  await pass(0.1);
  await look();
  await look();
  const again = `nightly: a of project ${team.project} runs again: ${team.project}/${spider}/${job} ended`;
  expect(await told()).toEqual([silent, again]);
  await pass(25);
  await look();
  expect(await told()).toEqual([silent, again, silent]);
  const firings = await rules().firings(team.project, one.id, null, 10);
  expect(firings.map(({ outcome, source }) => [outcome, source])).toEqual(Array(3).fill(['told', null]));
});

it('tells by itself of each spider, and as one of a whole project', async () => {
  await rule({ recovery: false }, { spiders: ['a', 'b'] });
  await rule({ hours: 48 }, { spiders: [] });
  await pass(10);
  await run('a');
  await pass(15);
  await look();
  expect(await told()).toEqual([`nightly: no run of b of project ${team.project} ended for 24 hours`]);
  await run('b');
  await pass(0.1);
  await look();
  await pass(30);
  await look();
  expect((await told()).slice(1).sort()).toEqual([
    `nightly: no run of a of project ${team.project} ended for 24 hours`,
    `nightly: no run of b of project ${team.project} ended for 24 hours`,
  ]);
  await pass(20);
  await look();
  expect((await told()).at(-1)).toBe(`nightly: no run of project ${team.project} ended for 48 hours`);
});

it('counts runs as the rule says: by how they ended, by tags, when they start, and those that were deleted', async () => {
  await rule({}, { outcomes: ['finished'] });
  await rule({ of: 'start' });
  await rule({}, { hasTag: ['nightly'] });
  const key = await start('a', { tags: ['other'] });
  await pass(23);
  await finish(key, 'failed');
  await pass(2);
  await look();
  expect((await told()).sort()).toEqual([
    `nightly: no run of a of project ${team.project} ended for 24 hours`,
    `nightly: no run of a of project ${team.project} ended for 24 hours`,
    `nightly: no run of a of project ${team.project} started for 24 hours`,
  ]);
  const good = await run('a', 'finished', { tags: ['nightly'] });
  await createJobStore(db.database).move({
    ...good,
    state: 'deleted',
    change: { meta: new Map(), forget: [] },
    by: COMMAND,
  });
  await pass(0.1);
  await look();
  const again = (await told()).slice(3);
  expect(again).toHaveLength(3);
  expect(again.every((text) => text.includes('runs again'))).toBe(true);
});

it('watches a periodic job by the runs that it started, and no others', async () => {
  const [periodic] = await db
    .database('periodic_jobs')
    .insert({
      project_id: team.project,
      cron: '0 0 * * *',
      timezone: 'UTC',
      overlap: 'skip',
      catchup: 'one',
      jitter_seconds: 0,
      disabled: false,
      description: '',
      tags: [],
      tasks: '[]',
      created_by: COMMAND,
      zone_rules: '',
    })
    .returning<{ id: number }[]>('id');
  const id = periodic?.id ?? 0;
  await rule({ schedule: id }, { spiders: [] });
  const { project, spider, job } = await run();
  await db.database('periodic_runs').insert({
    periodic_id: id,
    planned_at: new Date(),
    outcome: 'scheduled',
    jobs: [`${project}/${spider}/${job}`],
  });
  await pass(23);
  await look();
  await run();
  await pass(2);
  await look();
  expect(await told()).toEqual([
    `nightly: no run of periodic job ${id} of project ${team.project} ended for 24 hours`,
  ]);
});

it('counts silence from when the rule was made, changed or put to use again', async () => {
  const one = await rule();
  await run();
  await pass(30);
  await rules().replace(COMMAND, team.project, one.id, { ...one, name: 'another name' });
  await rules().replace(COMMAND, team.project, one.id, { ...one, disabled: true });
  await look();
  expect(await told()).toEqual([]);
  await rules().replace(COMMAND, team.project, one.id, one);
  await pass(23);
  await look();
  expect(await told()).toEqual([]);
  await pass(2);
  await look();
  expect(await told()).toHaveLength(1);
  // It is no rule for jobs that end.
  await run();
  const store = createReactionStore(db.database);
  await eventsTold(db.database);
  while ((await store.react(100, reactTo)).more);
  expect(await told()).toHaveLength(1);
});

it('tells once however many look at the same time', async () => {
  await rule();
  await pass(25);
  await Promise.all([look(), look(), look(), look()]);
  expect(await told()).toHaveLength(1);
});
