// What running jobs cost Postgres while nothing happens: heartbeats, and the looks of the leader.
//
//   node bench/dispatch.mjs [--live 100000] [--beats 20]
//
// Works on a database of its own. Prints how many updates of leases were heap-only, the bytes of log that a beat writes
// (without images of whole pages), and the median time of each of the leader's tasks beside so many live jobs.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { besideServers, CHECKOUT, median } from './support/service.mjs';

const { values } = parseArgs({
  options: { live: { type: 'string', default: '100000' }, beats: { type: 'string', default: '20' } },
});
const [live, beats] = [values.live, values.beats].map(Number);
const [SPIDERS, LEASES_OF_A_WORKER, LEASE_MS, LOOKS] = [200, 100, 45_000, 40];

await besideServers(async () => {
  const load = createRequire(import.meta.url);
  const { createTestDatabase } = load(join(CHECKOUT, 'packages/testkit/dist/index.js'));
  const { createAttemptStore, createDispatchStore } = load(join(CHECKOUT, 'packages/db/dist/index.js'));
  const db = await createTestDatabase();
  const pool = db.database;
  try {
    await fill(pool);
    // A short lease: the reaper looks only when the server has been there for one.
    await looks(pool, createDispatchStore(pool, { leaseMs: 1 }));
    await heartbeats(pool, createAttemptStore(pool));
  } finally {
    await db.close();
  }
});

/** `live` running jobs of many spiders and workers, and as many that wait for a slot. */
async function fill(pool) {
  await pool.raw("insert into organisations (name) values ('bench')");
  await pool.raw("insert into projects (id, organisation_id, name) values (1, 1, 'bench')");
  await pool.raw(
    'insert into spiders (project_id, number, name) select 1, n, n::text from generate_series(1, ?::int) n',
    [SPIDERS],
  );
  const columns = 'project_id, spider, number, state, attempt, priority, worker, running_at';
  for (const [state, worker] of [
    ['running', `'w' || n / ${LEASES_OF_A_WORKER}`],
    ['pending', 'null'],
  ]) {
    await pool.raw(
      `insert into jobs (${columns}) select 1, 1 + n % :spiders, (select coalesce(max(id), 0) from jobs) + n, :state, 1, 2, ${worker}, now()
      from generate_series(0, :live::int - 1) n`,
      { spiders: SPIDERS, live, state },
    );
  }
  await pool.raw(
    "insert into leases (job_id, attempt, worker, until) select id, attempt, worker, now() + interval '1 hour' from jobs where state = 'running'",
  );
  await pool.raw("insert into workers (id, host, slots) select distinct worker, 'h', ?::int from leases", [
    LEASES_OF_A_WORKER,
  ]);
  await pool.raw(`insert into dispatch_clock (seen_at, up_since) values (now(), now() - interval '1 day')`);
  await pool.raw('vacuum analyze');
}

async function looks(pool, dispatch) {
  await dispatch.foldCounts();
  await pool.raw('vacuum analyze job_counts, job_count_changes');
  console.log(
    `\nthe leader beside ${live} running and ${live} waiting jobs, no slot free: ms, median of ${LOOKS}`,
  );
  const tasks = {
    admit: () => dispatch.admit(0),
    resend: () => dispatch.unclaimed(2000),
    reap: () => dispatch.reap(),
    'fold counts': () => dispatch.foldCounts(),
  };
  for (const [name, run] of Object.entries(tasks)) {
    const times = [];
    for (let n = 0; n < LOOKS; n++) {
      const from = performance.now();
      await run();
      times.push(performance.now() - from);
    }
    console.log(`  ${name.padEnd(12)} ${median(times).toFixed(1)}`);
  }
}

async function heartbeats(pool, attempts) {
  const { rows } = await pool.raw(
    'select worker, array_agg(job_id::int order by job_id) as ids from leases group by worker limit 200',
  );
  const counts = { items: 1, pages: 2, logs: 3, errors: 0 };
  const before = await state(pool);
  const times = [];
  for (let n = 1; n <= beats; n++) {
    for (const { worker, ids } of rows) {
      const from = performance.now();
      const answers = await attempts.heartbeat(
        worker,
        ids.map((id) => ({ id, attempt: 1, counts: { ...counts, items: n } })),
        LEASE_MS,
      );
      times.push(performance.now() - from);
      if (answers.length !== ids.length) throw new Error('a lease was not prolonged');
    }
  }
  const after = await state(pool);
  const updates = after.updates - before.updates;
  console.log(`\n${updates} beats of leases, ${LEASES_OF_A_WORKER} to a statement`);
  console.log(`  heap-only            ${((100 * (after.hot - before.hot)) / updates).toFixed(1)} %`);
  console.log(`  log of a beat        ${Math.round((after.wal - before.wal) / updates)} bytes`);
  console.log(`  statement, median    ${median(times).toFixed(1)} ms`);
}

async function state(pool) {
  // The server's statistics are told with some delay.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { rows } = await pool.raw(
    "select n_tup_upd as updates, n_tup_hot_upd as hot, pg_current_wal_lsn() - '0/0' as wal from pg_stat_user_tables where relname = 'leases'",
  );
  return Object.fromEntries(Object.entries(rows[0]).map(([name, value]) => [name, Number(value)]));
}
