import type { LeaderStore } from '@spiderhub/core';
import {
  createDatabase,
  createDispatchStore,
  createJobStore,
  createLeaderStore,
  type Database,
  databaseProblem,
} from '@spiderhub/db';
import { createLogger } from '@spiderhub/platform';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { createLeader } from '../../../apps/worker/src/leader/leader.ts';
import { runToEnd } from '../../support/crawl.ts';
import { deployDemo } from '../../support/demo-egg.ts';
import { findPgBouncer, type Pooler, type PoolMode, startPgBouncer } from '../../support/pgbouncer.ts';
import { startService } from '../../support/service.ts';
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
    await eventually(() => expect(terms.length).toBe(LIMIT), { timeoutMs: 120_000 });
    await Promise.all(leaders.map((leader) => leader.stop(AbortSignal.timeout(10_000))));

    expect(new Set(terms).size).toBeGreaterThan(2);
    // A term that another one followed admitted nothing more.
    expect(terms).toEqual([...terms].sort((a, b) => a - b));
    const admitted = await db.database('jobs').where({ state: 'admitted' });
    expect(admitted).toHaveLength(LIMIT);
    expect(new Set(admitted.map((job) => job.attempt))).toEqual(new Set([1]));
  });
});

withPooler('the start behind PgBouncer', () => {
  let db: TestDatabase;
  let pooler: Pooler;

  afterEach(async () => {
    await pooler.close();
    await db.close();
  });

  async function open(mode: PoolMode, connections: number): Promise<void> {
    db = await createTestDatabase();
    pooler = await startPgBouncer(program ?? '', db.url, { mode, connections });
  }

  it.each([1, 5])(
    'is refused in transaction mode with %s server connections, unless there is a direct address',
    async (connections) => {
      await open('transaction', connections);
      const one = { url: pooler.url, directUrl: pooler.url, pooled: false };
      expect(await databaseProblem(one)).toMatch(/shares sessions .* DATABASE_DIRECT_URL/);
      expect(await databaseProblem({ url: pooler.url, directUrl: db.url, pooled: true })).toBeNull();
    },
  );

  it('is refused in transaction mode when others use the pooler, too', async () => {
    await open('transaction', 5);
    const busy = createDatabase(pooler.url, { maxConnections: 4 });
    let isOver = false;
    const others = Array.from({ length: 4 }, async () => {
      while (!isOver) await busy.raw('select pg_sleep(0.002)');
    });
    expect(await databaseProblem({ url: pooler.url, directUrl: pooler.url, pooled: false })).toMatch(
      /shares sessions/,
    );
    isOver = true;
    await Promise.all(others);
    await busy.destroy();
  });

  it('works in session mode, with the limits of statements', async () => {
    await open('session', 8);
    expect(await databaseProblem({ url: pooler.url, directUrl: pooler.url, pooled: false })).toBeNull();
    const hurried = createDatabase(pooler.url, { maxConnections: 1, statementMs: 100 });
    await expect(hurried.raw('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    await hurried.destroy();
  });
});

withPooler('a service behind PgBouncer in transaction mode with a direct address', () => {
  it('runs jobs', async () => {
    let pooler: Pooler | undefined;
    const service = await startService({
      reach: async (url) => {
        pooler = await startPgBouncer(program ?? '', url, { mode: 'transaction', connections: 4 });
        return { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: url };
      },
    });
    try {
      expect((await deployDemo(service)).at(-1)).toContain('"ok"');
      const settings = { DEMO_SITE_URL: `${service.url}/demo/`, CLOSESPIDER_ITEMCOUNT: 5 };
      const crawl = await runToEnd(service, 'books', { job_settings: JSON.stringify(settings) });
      expect(crawl.items.length).toBeGreaterThanOrEqual(5);
      const { rows } = await service.db.database.raw(
        "select 1 from pg_stat_activity where application_name like 'spiderhub-%' and datname = current_database()",
      );
      expect(rows.length).toBeGreaterThan(0);
    } finally {
      await service.stop().finally(() => pooler?.close());
    }
  }, 240_000);
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
