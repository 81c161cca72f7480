// Consumers of a tag pipeline that compete for finished jobs, while scheduling goes on.
//
//   DATABASE_URL=postgresql://… node bench/claims.mjs [--jobs 100000] [--consumers 200] [--page 50]
//
// Works on a database of its own on that server. Each consumer claims a page, acknowledges it, and asks again until
// nothing is left. Every job has to be delivered once. With --plans it also prints how long a page takes, and what
// Postgres reads for it, when almost everything is consumed already.
import { parseArgs } from 'node:util';
import { built } from './support/checkout.mjs';
import { median } from './support/figures.mjs';

const { createTestDatabase, scheduleRequest } = built('packages/testkit');
const { createClaimStore, createDatabase, createJobStore } = built('packages/db');

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '100000' },
    consumers: { type: 'string', default: '200' },
    page: { type: 'string', default: '50' },
    plans: { type: 'boolean', default: false },
  },
});
const [total, consumers, page] = [values.jobs, values.consumers, values.page].map(Number);
const PROJECT = 1;

const db = await createTestDatabase();
const pool = createDatabase(db.url, { maxConnections: 30 });
try {
  await fill(total);
  if (values.plans) await plans();
  else await compete();
} finally {
  await pool.destroy();
  await db.close();
}

/** One project with one spider; jobs that finished one after the other, all but `left` of them consumed. */
async function fill(jobs, left = jobs) {
  await pool.raw("insert into organisations (name) values ('bench')");
  await pool.raw("insert into projects (id, organisation_id, name) values (?, 1, 'bench')", [PROJECT]);
  await pool.raw("insert into spiders (project_id, number, name, next_job) values (?, 1, 'a', ?)", [
    PROJECT,
    jobs + 1,
  ]);
  if (values.plans) left = 100;
  await pool.raw('alter table jobs disable trigger user');
  const indexes = await dropIndexes();
  await pool.raw(
    `insert into jobs (project_id, spider, number, state, attempt, priority, tags, state_since, finished_at, close_reason)
    select :project, 1, n, 'finished', 1, 2, case when n <= :done then '{consumed}'::text[] else '{}' end,
      now() - (:jobs - n) * interval '1 s', now() - (:jobs - n) * interval '1 s', 'finished'
    from generate_series(1, :jobs) n`,
    { project: PROJECT, jobs, done: jobs - left },
  );
  await pool.raw('insert into job_details (job_id) select id from jobs');
  await pool.raw('alter table jobs enable trigger user');
  for (const definition of indexes) await pool.raw(definition.replaceAll('?', '\\?'));
  await pool.raw('vacuum analyze jobs');
}

/** Millions of rows are loaded faster before there are indexes. Returns what makes them again. */
async function dropIndexes() {
  const { rows } = await pool.raw(
    `select indexname, indexdef from pg_indexes
    where tablename = 'jobs' and indexname not in (select conname from pg_constraint where conrelid = 'jobs'::regclass)`,
  );
  for (const { indexname } of rows) await pool.raw('drop index ??', [indexname]);
  return rows.map((row) => row.indexdef);
}

async function compete() {
  const claims = createClaimStore(pool);
  const other = createDatabase(db.url, { maxConnections: 4 });
  const jobs = createJobStore(other);
  const delivered = new Map();
  const waits = [];
  let scheduling = true;
  let scheduled = 0;
  const scheduler = (async () => {
    while (scheduling) {
      const batch = Array.from({ length: 50 }, () => scheduleRequest(PROJECT, 'a'));
      scheduled += (await jobs.schedule(batch)).length;
    }
  })();

  async function consume(worker) {
    for (;;) {
      const from = performance.now();
      const got = await claims.claim({
        filter: { project: PROJECT },
        tag: 'consumed',
        count: page,
        leaseMs: 600_000,
        worker,
      });
      waits.push(performance.now() - from);
      if (got.length === 0) return;
      for (const { id } of got) delivered.set(id, (delivered.get(id) ?? 0) + 1);
      const keys = got.map((job) => job.key);
      await claims.ack({ project: PROJECT, keys, tag: 'consumed', worker });
    }
  }

  const startedAt = performance.now();
  await Promise.all(Array.from({ length: consumers }, (_, n) => consume(`consumer-${n}`)));
  const seconds = (performance.now() - startedAt) / 1000;
  scheduling = false;
  await scheduler;
  await other.destroy();
  const twice = [...delivered.values()].filter((times) => times > 1).length;
  console.log(
    `${consumers} consumers, pages of ${page}: ${delivered.size} of ${total} jobs delivered, ${twice} of them more than once`,
  );
  console.log(
    `${Math.round(delivered.size / seconds)} jobs/s claimed and acknowledged in ${seconds.toFixed(1)} s; a claim took ${Math.round(median(waits))} ms (median), ${Math.round(Math.max(...waits))} ms at most`,
  );
  console.log(`meanwhile ${Math.round(scheduled / seconds)} jobs/s were scheduled`);
  if (delivered.size !== total || twice > 0) process.exitCode = 1;
}

/** What a page costs when almost everything carries the tag. */
async function plans() {
  const claims = createClaimStore(pool);
  const filter = { project: PROJECT };
  for (const [name, spiders] of Object.entries({ 'whole project': undefined, 'one spider': ['a'] })) {
    const times = [];
    for (let n = 0; n < 20; n++) {
      const from = performance.now();
      const got = await claims.claim({
        filter: { ...filter, ...(spiders && { spiders }) },
        tag: 'consumed',
        count: 5,
        leaseMs: 1,
        worker: 'bench',
      });
      times.push(performance.now() - from);
      if (got.length === 0) throw new Error('nothing was claimed');
    }
    console.log(
      `${total} finished jobs, 100 not consumed, ${name}: a claim of 5 takes ${median(times).toFixed(1)} ms (median)`,
    );
  }
}
