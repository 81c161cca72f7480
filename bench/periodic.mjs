// How soon periodic jobs start that are due in the same second, and what that costs the queue meanwhile.
//
//   node bench/periodic.mjs [--jobs 10000] [--projects 50]
//
// Works on a database of its own, with the leader's own tasks: firing, admitting and folding counters run side by side, as in
// a worker. Prints how long it took until all had fired, and the median time of an admission with and without it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { besideServers, CHECKOUT, median } from './support/service.mjs';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '10000' }, projects: { type: 'string', default: '50' } },
});
const [jobs, projects] = [values.jobs, values.projects].map(Number);
const [SLOTS_A_LOOK, PAUSE_MS, QUIET_LOOKS] = [20, 20, 60];

await besideServers(async () => {
  const load = createRequire(import.meta.url);
  const built = (name, file = 'index') => load(join(CHECKOUT, name, `dist/${file}.js`));
  const { createTestDatabase } = built('packages/testkit');
  const { createDispatchStore, createPeriodicStore } = built('packages/db');
  const { firePeriodicJobs } = built('apps/worker', 'leader/tasks/periodic');
  const cron = built('packages/cron').createCron();
  const db = await createTestDatabase();
  const dispatch = createDispatchStore(db.database, { leaseMs: 45_000 });
  const store = createPeriodicStore(db.database, cron.zoneRules);
  const rules = { cron, uniqueKey: ({ spider }) => spider };
  try {
    await fill(db.database, cron.zoneRules);
    const quiet = await admissions(dispatch, (looks) => looks >= QUIET_LOOKS);
    await db.database.raw(
      "update periodic_jobs set next_at = date_trunc('second', now()), fire_at = date_trunc('second', now())",
    );
    let isOver = false;
    const from = performance.now();
    const busy = admissions(dispatch, () => isOver);
    const signals = { wakeLeader() {}, stopRequested() {} };
    const task = firePeriodicJobs({ store, rules, signals });
    for (let due = true; due; ) {
      await task.run();
      ({ due } = (
        await db.database.raw('select exists (select from periodic_jobs where fire_at <= now()) as due')
      ).rows[0]);
      if (due) await new Promise((wake) => setTimeout(wake, task.everyMs));
    }
    const took = performance.now() - from;
    isOver = true;
    const during = await busy;
    const { rows } = await db.database.raw(
      'select count(*)::int as rows, count(distinct (periodic_id, planned_at))::int as times from periodic_runs',
    );
    console.log(
      `${rows[0].rows} periodic jobs of ${projects} projects fired in ${(took / 1000).toFixed(1)} s; target: 10 s`,
    );
    console.log(`planned times with a row: ${rows[0].times} of ${jobs}`);
    console.log(
      `an admission of ${SLOTS_A_LOOK} jobs, ms, median: ${quiet.toFixed(1)} without, ${during.toFixed(1)} while they fire`,
    );
  } finally {
    await db.close();
  }
});

async function fill(pool, zoneRules) {
  await pool.raw("insert into organisations (name) values ('bench')");
  await pool.raw(
    `insert into projects (id, organisation_id, name) select n, 1, n::text from generate_series(1, ?::int) n`,
    [projects],
  );
  await pool.raw(
    `insert into spiders (project_id, number, name) select p, s, 's' || s from generate_series(1, ?::int) p, generate_series(1, 20) s`,
    [projects],
  );
  const task = `'[{"spider":"s' || 1 + n % 20 || '","args":{"n":"' || n || '"},"command":null,"priority":2,"units":1,"settings":{},"environment":{}}]'`;
  await pool.raw(
    `insert into periodic_jobs (project_id, cron, timezone, overlap, catchup, jitter_seconds, disabled, description, tags, tasks, created_by, zone_rules)
    select 1 + n % :projects::int, n % 60 || ' 3 * * *', case n % 3 when 0 then 'UTC' when 1 then 'Europe/Berlin' else 'America/New_York' end,
      'allow', 'one', 0, false, '', '{}', ${task}, 'bench', :zoneRules
    from generate_series(0, :jobs::int - 1) n`,
    { projects, jobs, zoneRules },
  );
  // Something to admit before, too.
  await pool.raw(
    `insert into jobs (project_id, spider, number, state, priority)
    select 1 + n % :projects::int, 1, 1000000 + n, 'pending', 2 from generate_series(1, 20000) n`,
    { projects },
  );
  await pool.raw('vacuum analyze');
}

/** The median time of a look that admits some jobs, ms. */
async function admissions(dispatch, isOver) {
  const times = [];
  while (!isOver(times.length)) {
    const from = performance.now();
    await dispatch.admit(0, SLOTS_A_LOOK);
    times.push(performance.now() - from);
    await dispatch.foldCounts();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return median(times);
}
