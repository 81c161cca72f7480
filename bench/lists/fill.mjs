// Fills a database with finished jobs as fast as Postgres takes them.

/** Jobs that nobody has consumed: the newest ones. */
export const UNCONSUMED = 100;
export const SPIDERS = 200;
export const BIG = 1;
export const OTHER = 2;
const OTHER_JOBS = 5000;

/**
 * `jobs` finished jobs of project 1 over 200 spiders, one a second, each with tags and arguments: `daily` on nine of ten,
 * `rare` on every 50,000th, `consumed` on all but the newest 100. A few wait and run. Project 2 has 5,000 jobs, so that
 * it can be asked meanwhile.
 */
export async function fill(pool, jobs) {
  await pool.raw("insert into organisations (name) values ('bench')");
  await pool.raw("insert into projects (id, organisation_id, name) values (1, 1, 'bench'), (2, 1, 'other')");
  await pool.raw(
    `insert into spiders (project_id, number, name, next_job)
    select p, n, 'spider-' || n, 1000000000 from generate_series(1, 2) p, generate_series(1, ?) n`,
    [SPIDERS],
  );
  // Scrapyd lists only projects with a version.
  await pool.raw(
    `insert into versions (project_id, name, egg_sha256, egg_size_bytes, settings_module, spiders, deployed_by)
    select p, '1.0', 'none', 0, 'bench.settings', (select array_agg(name) from spiders where project_id = p), 'bench'
    from generate_series(1, 2) p`,
  );
  await pool.raw('alter table jobs disable trigger user');
  const restore = await withoutIndexes(pool);
  await finished(pool, BIG, jobs);
  await finished(pool, OTHER, OTHER_JOBS);
  await active(pool, BIG);
  await pool.raw('alter table jobs enable trigger user');
  await restore();
  await countJobs(pool);
  await pool.raw('vacuum analyze jobs, job_details');
  await pool.raw('checkpoint');
}

async function finished(pool, project, jobs) {
  const before = (await pool('jobs').max('id as id').first()).id ?? 0;
  await pool.raw(
    `insert into jobs (project_id, spider, number, state, attempt, priority, tags, version, state_since, pending_at,
      running_at, finished_at, close_reason, exit_status, scheduled_by, started_by, completed_by, worker,
      items, pages, logs, errors)
    select :project, n % :spiders::int + 1, n / :spiders::int + 1, 'finished', 1, 2,
      array_remove(array[case when n % 10 <> 0 then 'daily' end, case when n % 50000 = 7 then 'rare' end,
        'batch-' || n / 20000, case when n <= :jobs::int - :left::int then 'consumed' end], null),
      '1.' || n / 100000, t, t - interval '15 min', t - interval '14 min', t,
      case when n % 50 = 0 then 'failed' else 'finished' end, '0', 'bench', 'jobrunner', 'jobrunner', 'worker-1',
      n % 1000, n % 700, n % 300 + 20, n % 3
    from generate_series(1, :jobs::int) n, lateral (select now() - (:jobs::int - n) * interval '1.000001 s' as t) x`,
    { project, jobs, spiders: SPIDERS, left: UNCONSUMED },
  );
  await pool.raw(
    `insert into job_details (job_id, args, settings, request_id)
    select id, ('{"day": "' || finished_at::date || '", "url": "https://shop.example/list/' || number || '"}')::json,
      '{}', 'request-' || id
    from jobs where id > ? order by id`,
    [before],
  );
}

/** Fifty that wait and three that somebody else runs. */
async function active(pool, project) {
  await pool.raw(
    `with made as (
      insert into jobs (project_id, spider, number, state, attempt, priority, tags, external, pending_at, running_at)
      select ?, n, 900000000 + n, case when n > 50 then 'running' else 'pending' end, 0, 2, '{daily}', true, now(),
        case when n > 50 then now() end
      from generate_series(1, 53) n
      returning id
    )
    insert into job_details (job_id, args, settings) select id, '{}', '{}' from made`,
    [project],
  );
}

/** Millions of rows are loaded faster before there are indexes. Returns what makes them again. */
async function withoutIndexes(pool) {
  const { rows } = await pool.raw(
    `select indexname, indexdef from pg_indexes
    where tablename = 'jobs' and indexname not in (select conname from pg_constraint where conrelid = 'jobs'::regclass)`,
  );
  for (const { indexname } of rows) await pool.raw('drop index ??', [indexname]);
  return async () => {
    await pool.transaction(async (tx) => {
      await tx.raw("set local maintenance_work_mem = '1GB'");
      for (const { indexdef } of rows) await tx.raw(indexdef.replaceAll('?', '\\?'));
    });
  };
}

/** What the trigger would have counted. */
async function countJobs(pool) {
  if (!(await pool.schema.hasTable('job_counts'))) return;
  await pool.raw('truncate job_counts, job_count_changes');
  await pool.raw(
    `insert into job_counts (project_id, spider, state, n)
    select project_id, spider, case when state = 'running' and external then 'outside' else state end, count(*)
    from jobs group by 1, 2, 3`,
  );
}
