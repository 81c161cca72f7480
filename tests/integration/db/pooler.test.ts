import type { LeaderStore } from '@spiderhub/core';
import {
  createDatabase,
  createDispatchStore,
  createJobStore,
  createLeaderStore,
  type Database,
} from '@spiderhub/db';
import { createLogger } from '@spiderhub/platform';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { createLeader } from '../../../apps/worker/src/leader/leader.ts';
import { findPgBouncer, type Pooler, type PoolMode, startPgBouncer } from '../../support/pgbouncer.ts';
import { makeTeam, scheduleRequest } from '../../support/team.ts';

const program = findPgBouncer();
if (!program)
  process.stderr.write('PgBouncer is not installed (apt-get install pgbouncer): its tests are skipped\n');
const withPooler = program ? describe : describe.skip;

const log = createLogger({ name: 'test', level: 'error', destination: { write() {} } });
const PROCESSES = 3;
const LIMIT = 20;

withPooler.each<PoolMode>(['session', 'transaction'])('behind PgBouncer in %s mode', (mode) => {
  let db: TestDatabase;
  let pooler: Pooler;
  const pools: Database[] = [];

  beforeEach(async () => {
    db = await createTestDatabase();
    // In transaction mode all processes share one connection: what belongs to a session is everybody's there.
    const connections = mode === 'transaction' ? 1 : 8;
    pooler = await startPgBouncer(program ?? '', db.url, { mode, connections });
  });
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.destroy();
    await pooler.close();
    await db.close();
  });

  it('only one process leads and admits, however often the leader falls silent', async () => {
    const { project } = await makeTeam(db.database);
    await db.database('projects').where({ id: project }).update({ max_running: LIMIT });
    await createJobStore(db.database).schedule(
      Array.from({ length: 60 }, () => scheduleRequest(project, 'a')),
    );

    const terms: number[] = [];
    const leaders = Array.from({ length: PROCESSES }, (_, n) => {
      const pool = createDatabase(pooler.url, { maxConnections: 2 });
      pools.push(pool);
      const dispatch = createDispatchStore(pool, { leaseMs: 60_000 });
      const admit = async (term: number) => {
        const tickets = await dispatch.admit(term, 1);
        terms.push(...tickets.map(() => term));
      };
      return createLeader({
        store: oftenSilent(createLeaderStore(pool)),
        holder: `process ${n}`,
        tasks: [{ name: 'admit', everyMs: 200, run: admit }],
        log,
      });
    });
    await Promise.all(leaders.map((leader) => leader.start()));
    await eventually(() => expect(terms.length).toBe(LIMIT), { timeoutMs: 30_000 });
    await Promise.all(leaders.map((leader) => leader.stop(AbortSignal.timeout(10_000))));

    expect(new Set(terms).size).toBeGreaterThan(2);
    // A term that another one followed admitted nothing more.
    expect(terms).toEqual([...terms].sort((a, b) => a - b));
    const admitted = await db.database('jobs').where({ state: 'admitted' });
    expect(admitted).toHaveLength(LIMIT);
    expect(new Set(admitted.map((job) => job.attempt))).toEqual(new Set([1]));
  });
});

/** The leader's word does not get through any more after the first one. */
function oftenSilent(store: LeaderStore): LeaderStore {
  let kept = 0;
  return {
    ...store,
    lead(holder, forMs) {
      kept = 0;
      return store.lead(holder, forMs);
    },
    async keep(term, forMs) {
      kept += 1;
      return kept > 1 ? new Promise<boolean>(() => {}) : store.keep(term, forMs);
    },
  };
}
