import type { ClaimRequest, ClaimStore, JobKey, JobStore } from '@spiderhub/core';
import { COMMAND } from '@spiderhub/core';
import { createClaimStore, createJobStore, createMarkerStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

let db: TestDatabase;
let jobs: JobStore;
let claims: ClaimStore;
let team: Team;

beforeEach(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  claims = createClaimStore(db.database);
  team = await makeTeam(db.database);
});
afterEach(() => db.close());

async function finished(count: number): Promise<void> {
  await jobs.schedule(
    Array.from({ length: count }, () => scheduleRequest(team.project, 'a', { state: 'finished' })),
  );
}

function request(worker: string, count: number, more: Partial<ClaimRequest> = {}): ClaimRequest {
  return { filter: { project: team.project }, tag: 'consumed', count, leaseMs: 60_000, worker, ...more };
}

function consumption(worker: string, keys: JobKey[], tag = 'consumed') {
  return { project: team.project, keys, tag, worker };
}

async function claimKeys(worker: string, count: number, more: Partial<ClaimRequest> = {}): Promise<JobKey[]> {
  return (await claims.claim(request(worker, count, more))).map((job) => job.key);
}

describe('claims', () => {
  it('hand each finished job to exactly one of many consumers', async () => {
    await finished(200);
    await jobs.schedule([scheduleRequest(team.project, 'a')]);
    const taken: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        for (;;) {
          const keys = await claimKeys(`w${i}`, 7);
          if (keys.length === 0) return;
          taken.push(...keys.map((key) => key.job));
          await claims.ack(consumption(`w${i}`, keys));
        }
      }),
    );
    expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it('come oldest first and are held until they are given back', async () => {
    await finished(3);
    const first = await claimKeys('w1', 2);
    expect(first.map((key) => key.job)).toEqual([1, 2]);
    expect((await claimKeys('w2', 5)).map((key) => key.job)).toEqual([3]);
    expect(await claims.release(consumption('w2', first))).toBe(0);
    expect(await claims.release(consumption('w1', first))).toBe(2);
    expect((await claimKeys('w2', 5)).map((key) => key.job)).toEqual([1, 2]);
  });

  it('return when their lease lapses, and the late consumer is told', async () => {
    await finished(1);
    const keys = await claimKeys('w1', 1, { leaseMs: 0 });
    expect(await claimKeys('w2', 1)).toEqual(keys);
    await expect(claims.ack(consumption('w1', keys))).rejects.toThrow('does not hold');
    expect(await claims.ack(consumption('w2', keys))).toBe(1);
    expect(await claims.ack(consumption('w2', keys))).toBe(0);
    expect(await claimKeys('w1', 1)).toEqual([]);
  });

  it('acknowledge all or nothing', async () => {
    await finished(2);
    const [mine] = await claimKeys('w1', 1);
    const [theirs] = await claimKeys('w2', 1);
    await expect(claims.ack(consumption('w1', [mine as JobKey, theirs as JobKey]))).rejects.toThrow(
      'does not hold',
    );
    expect(await claims.ack(consumption('w1', [mine as JobKey]))).toBe(1);
  });

  it('keep pipelines with different tags apart', async () => {
    await finished(1);
    const keys = await claimKeys('w1', 1, { tag: 'stored' });
    expect(await claimKeys('w1', 1, { tag: 'mailed' })).toEqual(keys);
    await claims.ack(consumption('w1', keys, 'stored'));
    expect(await claims.ack(consumption('w1', keys, 'mailed'))).toBe(1);
  });
});

describe('another marker than "consumed"', () => {
  async function planOf(tag: string): Promise<string> {
    return db.database.transaction(async (transaction) => {
      // Twenty rows are not worth an index.
      await transaction.raw('set local enable_seqscan = off');
      await transaction.raw('set local enable_sort = off');
      const { rows } = await transaction.raw<{ rows: { 'QUERY PLAN': string }[] }>(
        `explain select j.id from jobs j where j.project_id = ? and j.state = 'finished' and not (j.tags @> '{${tag}}')
        order by j.state_since, j.id limit 5`,
        [team.project],
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
  }

  it('gets indexes that pages of a claim come from, until it is removed', async () => {
    await finished(20);
    const markers = createMarkerStore(db.database);
    expect(await markers.create(COMMAND, 'to-warehouse')).toEqual({
      value: { tag: 'to-warehouse' },
      created: true,
    });
    expect(await markers.create(COMMAND, 'to-warehouse')).toMatchObject({ created: false });
    expect(await markers.create(COMMAND, 'consumed')).toMatchObject({ created: false });
    expect(await markers.list()).toEqual([{ tag: 'consumed' }, { tag: 'to-warehouse' }]);
    expect(await planOf('to-warehouse')).toContain('jobs_lacking_to-warehouse');
    const keys = await claimKeys('w1', 20, { tag: 'to-warehouse' });
    expect(await claims.ack(consumption('w1', keys, 'to-warehouse'))).toBe(20);
    expect(await claimKeys('w2', 20, { tag: 'to-warehouse' })).toEqual([]);
    await markers.remove(COMMAND, 'to-warehouse');
    expect(await markers.list()).toEqual([{ tag: 'consumed' }]);
    expect(await planOf('to-warehouse')).not.toContain('jobs_lacking');
  });

  it.each(['', "it's", '}', 'a'.repeat(41)])('cannot be %j', async (tag) => {
    await expect(createMarkerStore(db.database).create(COMMAND, tag)).rejects.toMatchObject({
      kind: 'invalid',
    });
  });

  it('that is none cannot be removed, and the built-in one neither', async () => {
    for (const tag of ['unknown', 'consumed'])
      await expect(createMarkerStore(db.database).remove(COMMAND, tag)).rejects.toMatchObject({
        kind: 'not_found',
      });
  });

  it.each(["it's", '}', '"', '\\', 'a b'])('may be any text without an index: %j', async (tag) => {
    await finished(1);
    const keys = await claimKeys('w1', 5, { tag });
    expect(await claims.ack(consumption('w1', keys, tag))).toBe(1);
    expect(await claimKeys('w2', 5, { tag })).toEqual([]);
  });
});
