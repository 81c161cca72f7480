import {
  digestOf,
  formatJobKey,
  type JobKey,
  type Rule,
  type RuleAction,
  type RuleConditions,
  reactTo,
  service,
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
  team = await makeTeam(db.database, `team-${Math.random()}`);
  await react();
});
afterAll(() => db.close());

const WHEN: RuleConditions = {
  spiders: [],
  hasTag: [],
  outcomes: [],
  exceptOutcomes: [],
  minErrors: null,
  isEmpty: false,
  lastWithTag: null,
  noRun: null,
};
const RUN: RuleAction = { channel: 'run', spider: 'b', args: {}, tags: [], priority: 2 };

async function rule(when: Partial<RuleConditions>, action: RuleAction = RUN): Promise<Rule> {
  const plan = { name: 'a rule', when: { ...WHEN, ...when }, action, disabled: false };
  return createRuleStore(db.database).create(service('test'), team.project, plan, 200);
}

/** What the leader does, until nothing is left. */
async function react(): Promise<{ scheduled: number; deliveries: number }> {
  const all = { scheduled: 0, deliveries: 0 };
  await eventsTold(db.database);
  for (let more = true; more; ) {
    const done = await createReactionStore(db.database).react(100, reactTo);
    all.scheduled += done.scheduled;
    all.deliveries += done.deliveries;
    more = done.more;
  }
  return all;
}

async function start(spider = 'a', more: object = {}): Promise<JobKey> {
  const request = scheduleRequest(team.project, spider, { state: 'running', external: true, ...more });
  const [made] = await createJobStore(db.database).schedule([request]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  return { project: team.project, spider: made.spider, job: made.job };
}

async function finish(
  { project, spider, job }: JobKey,
  closeReason = 'finished',
  errors = 0,
): Promise<string> {
  await db.database('jobs').where({ project_id: project, spider, number: job }).update({ errors });
  await createJobStore(db.database).move({
    project,
    spider,
    job,
    state: 'finished',
    change: { closeReason, meta: new Map(), forget: [] },
    by: service('test'),
  });
  return `${project}/${spider}/${job}`;
}

const firings = ({ id }: Rule) => createRuleStore(db.database).firings(team.project, id, null, 100);
const keyOf = (text: string): JobKey => {
  const [project, spider, job] = text.split('/').map(Number) as [number, number, number];
  return { project, spider, job };
};

describe('a rule that runs a job', () => {
  it('does so once for each end that is meant, with what it says of it, and both jobs show the other', async () => {
    const one = await rule(
      { spiders: ['a'], outcomes: ['finished'], hasTag: ['raw'] },
      {
        ...RUN,
        args: { source: '{{job.key}}', of: '{{ job.spider }} {{job.args.day}}', tags: '{{tags}}' },
        tags: ['by-{{job.spider}}'],
      },
    );
    const source = await finish(await start('a', { tags: ['raw', 'x'], args: { day: 'monday' } }));
    await finish(await start('a', { tags: ['raw'] }), 'failed');
    await finish(await start('a'));
    await finish(await start('b', { tags: ['raw'] }));
    expect((await react()).scheduled).toBe(1);
    expect((await react()).scheduled).toBe(0);
    const [fired, ...others] = await firings(one);
    expect(others).toEqual([]);
    expect(fired).toMatchObject({ outcome: 'scheduled', source, depth: 1 });
    const made = fired?.job ?? '';
    const { spider, job } = keyOf(made);
    const row = await db
      .database('jobs as j')
      .join('job_details as d', 'd.job_id', 'j.id')
      .where({ project_id: team.project, spider, number: job })
      .first('j.state', 'j.tags', 'j.scheduled_by', 'd.args');
    expect(row).toMatchObject({
      state: 'pending',
      tags: ['by-a'],
      scheduled_by: 'rule',
      args: { source, of: 'a monday', tags: 'raw,x' },
    });
    const store = createRuleStore(db.database);
    expect((await store.ofJob(team.project, made)).madeBy).toMatchObject({ rule: one.id, source });
    expect((await store.ofJob(team.project, source)).made).toMatchObject([{ rule: one.id, job: made }]);
  });

  it('is cut after eight jobs that were made one because of the other', async () => {
    const loop = await rule({ spiders: ['b'] });
    let key = await start('b');
    for (let n = 0; n < 10; n += 1) {
      await finish(key);
      const { scheduled } = await react();
      const [last] = (await firings(loop)).filter(
        ({ source }) => source === `${key.project}/${key.spider}/${key.job}`,
      );
      if (scheduled === 0) {
        expect([n, last?.outcome, last?.reason]).toEqual([
          8,
          'refused',
          expect.stringMatching(/^rules made 8 jobs/),
        ]);
        return;
      }
      expect(last?.depth).toBe(n + 1);
      key = keyOf(last?.job ?? '');
    }
    throw new Error('went on for ever');
  });

  it('waits for the last job of a tag, whoever ends at the same time', async () => {
    const one = await rule({ lastWithTag: 'batch' });
    const keys = [];
    for (let n = 0; n < 6; n += 1) keys.push(await start(n % 2 ? 'a' : 'b', { tags: ['batch'] }));
    await finish(keys[0] as JobKey);
    await react();
    expect(await firings(one)).toEqual([]);
    await Promise.all([...keys.slice(1).map((key) => finish(key)), react(), react()]);
    await react();
    expect(await firings(one)).toMatchObject([{ outcome: 'scheduled' }]);
  });

  it('runs the next when the last of them is read, though it began to end before the others', async () => {
    const one = await rule({ lastWithTag: 'batch' });
    const [slow, quick] = [await start('a', { tags: ['batch'] }), await start('b', { tags: ['batch'] })];
    await db.database.transaction(async (tx) => {
      // The time of a transaction is when it begins; its place in the log is when it writes.
      await tx.raw('select now()');
      await finish(quick);
      await react();
      const { project, spider, job } = slow;
      await tx('jobs').where({ project_id: project, spider, number: job }).update({
        state: 'finished',
        state_since: tx.fn.now(),
        finished_at: tx.fn.now(),
        close_reason: 'finished',
      });
    });
    await react();
    expect(await firings(one)).toMatchObject([{ outcome: 'scheduled', source: formatJobKey(slow) }]);
  });

  it('makes no job of what a job cannot hold, says so, and goes on with other rules', async () => {
    const more = { ...RUN, tags: ['{{job.args.page}}'] };
    const [tags, args, other] = [
      await rule({}, more),
      await rule({}, { ...RUN, args: { all: '{{job.args.page}}'.repeat(1000) } }),
      await rule({ spiders: ['a'] }),
    ];
    await finish(await start('a', { args: { page: 'x'.repeat(3000) } }));
    await react();
    for (const refused of [tags, args])
      expect(await firings(refused)).toMatchObject([
        { outcome: 'refused', reason: expect.stringContaining('becomes longer than') },
      ]);
    expect(await firings(other)).toMatchObject([{ outcome: 'scheduled' }]);
  });

  it('shows page by page what it did, all of one moment together', async () => {
    const one = await rule({}, { ...RUN, spider: 'b' });
    for (let n = 0; n < 5; n += 1) await finish(await start('a', { uniqueKey: null }));
    await react();
    await finish(await start('a', { uniqueKey: null }));
    await react();
    const { firings: page } = createRuleStore(db.database);
    const first = await page(team.project, one.id, null, 1);
    const second = await page(team.project, one.id, first.at(-1)?.at ?? null, 2);
    expect([first.length, second.length]).toEqual([1, 5]);
    expect(await page(team.project, one.id, second.at(-1)?.at ?? null, 2)).toEqual([]);
  });

  it('makes no job twice, however many look and whoever dies', async () => {
    const one = await rule({ spiders: ['a'] });
    for (let n = 0; n < 12; n += 1) await finish(await start('a'));
    let left = 40;
    const look = async () => {
      while (left > 0) {
        left -= 1;
        await createReactionStore(db.database)
          .react(3, (batch) => {
            if (Math.random() < 0.3) throw new Error('dies');
            return reactTo(batch);
          })
          .catch(() => undefined);
      }
    };
    await Promise.all([look(), look(), look()]);
    await react();
    const made = (await firings(one)).map(({ job }) => job);
    expect([made.length, new Set(made).size]).toEqual([12, 12]);
    const count = await db
      .database('jobs')
      .where({ project_id: team.project, scheduled_by: 'rule' })
      .count({ n: '*' });
    expect(Number(count[0]?.n)).toBe(12);
  });

  it('says why when its spider is gone, and does nothing while it is disabled', async () => {
    const one = await rule({}, { ...RUN, spider: 'gone' });
    await finish(await start('a'));
    await react();
    expect(await firings(one)).toMatchObject([
      { outcome: 'refused', reason: 'spider: gone not found', job: null },
    ]);
    await createRuleStore(db.database).replace(service('test'), team.project, one.id, {
      ...one,
      disabled: true,
    });
    await finish(await start('a'));
    await react();
    expect(await firings(one)).toHaveLength(1);
  });
});

it('a rule makes no job for which there is no place, and says so', async () => {
  const one = await rule({ spiders: ['a'] });
  const { organisation_id: organisation } = await db.database('projects').where({ id: team.project }).first();
  const full = { project: team.project, organisation, ofProject: 0, ofOrganisation: null };
  await finish(await start('a'));
  await eventsTold(db.database);
  await createReactionStore(db.database).react(100, reactTo, { ceilings: async () => [full] });
  expect(await firings(one)).toMatchObject([
    { outcome: 'refused', reason: expect.stringMatching(/limit/), job: null },
  ]);
});

describe('a rule that tells somebody', () => {
  const slack: RuleAction = { channel: 'slack', url: 'https://hooks.example.org/x' };

  async function told(): Promise<string[]> {
    const rows = await db
      .database('webhook_messages')
      .where({ project_id: team.project })
      .orderBy('created_at');
    return rows.map((row) => row.body as string);
  }

  it('does so for errors, for other outcomes and for nothing at all, in text without markup', async () => {
    await rule({ minErrors: 3 }, slack);
    await rule({ exceptOutcomes: ['finished'] }, slack);
    await rule({ isEmpty: true, spiders: ['b'] }, slack);
    await finish(await start('a'), 'finished', 2);
    await react();
    expect(await told()).toEqual([]);
    await finish(await start('a'), 'finished', 3);
    await finish(await start('a'), '<!channel> & <http://evil|click>');
    await finish(await start('b'));
    await react();
    const texts = (await told()).map((body) => JSON.parse(body).text as string);
    expect(texts).toHaveLength(3);
    expect(texts.join()).toContain('3 errors');
    expect(texts.join()).toContain('&lt;!channel&gt; &amp; &lt;http://evil|click&gt;');
    expect(texts.join()).not.toContain('<');
    const due = await db
      .database('webhook_deliveries as d')
      .join('webhooks as w', 'w.id', 'd.webhook_id')
      .where({ project_id: team.project });
    expect(due.map((row) => row.url)).toEqual(Array(3).fill(slack.channel === 'slack' ? slack.url : ''));
  });

  it('sends twenty an hour, and then one digest', async () => {
    const one = await rule({ spiders: ['a'] }, slack);
    for (let n = 0; n < 25; n += 1) await finish(await start('a'));
    await react();
    const outcomes = (await firings(one)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'told')).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(5);
    const store = createReactionStore(db.database);
    expect(await store.digest(3_600_000, 10, digestOf)).toBe(0);
    expect(await store.digest(0, 10, digestOf)).toBe(1);
    expect(await store.digest(0, 10, digestOf)).toBe(0);
    expect(JSON.parse((await told()).at(-1) ?? '').text).toMatch(/^a rule: 5 more within an hour: /);
  });
});
