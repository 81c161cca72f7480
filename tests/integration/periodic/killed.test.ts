import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../support/team.ts';

jest.setTimeout(300_000);

const PERIODIC_JOBS = 100;
/** Seconds of a single run each, all due: so many planned times of all. */
const TIMES = 10;
const KILLS = 12;

let db: TestDatabase;
const living = new Set<ChildProcess>();

beforeAll(async () => {
  db = await createTestDatabase();
  const { project } = await makeTeam(db.database);
  const task = `[{"spider":"a","args":{},"command":null,"priority":2,"units":1,"settings":{},"environment":{}}]`;
  await db.database.raw(
    `insert into periodic_jobs (project_id, cron, timezone, overlap, catchup, jitter_seconds, disabled, description, tags, tasks,
      created_by, zone_rules, next_at, fire_at)
    select :project, '* * * * *', 'UTC', 'allow', 'all', 0, false, '', '{}', :task, 'test', 'test', t, t
    from generate_series(1, ${PERIODIC_JOBS}) n,
      lateral (select date_trunc('minute', now()) - interval '${TIMES - 1} minutes' as t) due`,
    { project, task },
  );
});
afterAll(async () => {
  for (const child of living) child.kill('SIGKILL');
  await db.close();
});

async function start(): Promise<ChildProcess> {
  const child = fork(join(__dirname, 'fire-for-ever.mjs'), [db.url, '7'], { execArgv: [] });
  living.add(child);
  child.once('exit', () => living.delete(child));
  await once(child, 'message');
  return child;
}

async function overdue(): Promise<number> {
  const { rows } = await db.database.raw<{ rows: [{ n: number }] }>(
    'select count(*)::int as n from periodic_jobs where fire_at <= now()',
  );
  return rows[0].n;
}

it('processes that are killed while they fire lose no planned time, and start none twice', async () => {
  for (let kill = 0; kill < KILLS; kill += 1) {
    const [one, other] = await Promise.all([start(), start()]);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    one.kill('SIGKILL');
    other.kill('SIGKILL');
  }
  await start();
  await eventually(async () => expect(await overdue()).toBe(0), { timeoutMs: 120_000 });
  const { rows } = await db.database.raw<{ rows: Record<string, number>[] }>(`
    with made as (select unnest(jobs) as job from periodic_runs)
    select (select count(*) from periodic_jobs p, lateral (
        select count(*) as runs, count(distinct planned_at) as times, min(planned_at) as first, max(planned_at) as last
        from periodic_runs r where r.periodic_id = p.id) r
      where r.runs <> r.times or r.runs < ${TIMES} or extract(epoch from r.last - r.first) / 60 + 1 <> r.runs)::int as with_gaps,
      (select count(*)::int from periodic_runs where outcome <> 'scheduled') as not_started,
      (select count(*)::int from periodic_runs) - (select count(*)::int from jobs) as runs_without_job,
      (select count(*)::int from made) - (select count(distinct job)::int from made) as twice`);
  expect(rows[0]).toEqual({ with_gaps: 0, not_started: 0, runs_without_job: 0, twice: 0 });
});
