import type { JobStore, JobView } from '@spiderhub/core';
import { createJobStore, createJobView } from '@spiderhub/db';
import { sameRunKey } from '@spiderhub/hub';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

let db: TestDatabase;
let jobs: JobStore;
let view: JobView;
let team: Team;
let other: Team;

beforeAll(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  view = createJobView(db.database);
  team = await makeTeam(db.database, 'acme');
  other = await makeTeam(db.database, 'other');
});
afterAll(() => db.close());

async function schedule(...requests: ReturnType<typeof scheduleRequest>[]) {
  return jobs.schedule(requests);
}

describe('schedule', () => {
  it('numbers jobs without gaps, per spider, under concurrent batches', async () => {
    const batches = Array.from({ length: 20 }, (_, i) =>
      schedule(
        scheduleRequest(team.project, i % 2 ? 'a' : 'b'),
        scheduleRequest(team.project, i % 2 ? 'b' : 'a'),
        scheduleRequest(other.project, 'a'),
      ),
    );
    const outcomes = (await Promise.all(batches)).flat();
    const numbers = (spider: number) =>
      outcomes.flatMap((o, i) =>
        o.outcome === 'scheduled' && i % 3 !== 2 && o.spider === spider ? [o.job] : [],
      );
    for (const spider of [1, 2]) {
      expect(numbers(spider).sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    }
  });

  it('answers each member of a batch by itself', async () => {
    const outcomes = await schedule(
      scheduleRequest(team.project, 'a'),
      scheduleRequest(team.project, 'nobody'),
      scheduleRequest(999_999, 'a'),
      scheduleRequest(team.project, 'b'),
    );
    expect(outcomes.map((o) => o.outcome)).toEqual([
      'scheduled',
      'unknown_spider',
      'unknown_spider',
      'scheduled',
    ]);
  });

  it('refuses a second active job with the same unique key, in one batch and across batches', async () => {
    const uniqueKey = sameRunKey('a', { x: '1' });
    const one = scheduleRequest(team.project, 'a', { uniqueKey });
    const together = await schedule(one, one);
    expect(together.map((o) => o.outcome).sort()).toEqual(['duplicate', 'scheduled']);
    expect((await schedule(one))[0]?.outcome).toBe('duplicate');
    expect((await schedule({ ...one, project: other.project }))[0]?.outcome).toBe('scheduled');
  });

  it('gives a repeated idempotency key the job of the first call, also when the calls race', async () => {
    const once = scheduleRequest(team.project, 'a', { idempotencyKey: 'k1', uniqueKey: 'same' });
    const outcomes = (await Promise.all(Array.from({ length: 20 }, () => schedule(once, once)))).flat();
    expect(new Set(outcomes.map((o) => JSON.stringify(o))).size).toBe(1);
    expect(outcomes[0]?.outcome).toBe('scheduled');
    const [elsewhere] = await schedule({ ...once, project: other.project });
    expect(elsewhere).not.toEqual(outcomes[0]);
  });

  it('keeps what was given, NUL and prototype names included', async () => {
    const [outcome] = await schedule(
      scheduleRequest(team.project, 'a', {
        args: JSON.parse('{"a":"x\\u0000y","__proto__":"p"}'),
        tags: ['t2', 't1'],
        settings: { S: '12345678901234567890', F: '1.0', N: 'NaN' },
        environment: { E: 'v' },
        meta: { m: '{"b":1,"a":2}', n: '12345678901234567890' },
        priority: 4,
      }),
    );
    if (outcome?.outcome !== 'scheduled') throw new Error('not scheduled');
    const job = await view.find({ project: team.project, spider: outcome.spider, job: outcome.job });
    expect(job).toMatchObject({
      tags: ['t2', 't1'],
      settings: { S: '12345678901234567890', F: '1.0', N: 'NaN' },
      environment: { E: 'v' },
      meta: { m: '{"b":1,"a":2}', n: '12345678901234567890' },
      priority: 4,
      state: 'pending',
    });
    expect(job?.args.a).toBe('x\0y');
    expect(Object.keys(job?.args ?? {})).toContain('__proto__');
  });

  it('places a job directly in another state when asked to', async () => {
    const [outcome] = await schedule(
      scheduleRequest(team.project, 'b', { state: 'finished', external: true, uniqueKey: 'u' }),
    );
    if (outcome?.outcome !== 'scheduled') throw new Error('not scheduled');
    const job = await view.find({ project: team.project, spider: outcome.spider, job: outcome.job });
    expect(job).toMatchObject({ state: 'finished', external: true, pendingAt: null, completedBy: 'test' });
    expect((await schedule(scheduleRequest(team.project, 'b', { uniqueKey: 'u' })))[0]?.outcome).toBe(
      'scheduled',
    );
  });
});
