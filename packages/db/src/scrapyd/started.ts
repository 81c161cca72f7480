import type { Reach } from '@spiderhub/core';
import type { Folder, ScrapydJob, ScrapydView } from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { NAMED_JOBS, nameBindings } from '../jobs/select.ts';
import { fromPostgres, translated } from '../pg-errors.ts';
import { FIRST_PID, HAS_ITEMS, jobsOf, rangeBindings, SCRAPYD_NAME } from './listing.ts';
import { IN_REACH, reachBindings } from './projects.ts';

const JOB = `j.id, j.project_id, j.spider as spider_number, j.number, j.attempt, s.project_name as project, s.bare_name as spider,
  ${SCRAPYD_NAME} as name, j.running_at, case when j.state = 'finished' then j.finished_at end as finished_at,
  ${HAS_ITEMS} as has_items`;

const JOB_TABLES = `
  join (
    select sj.project_id, sj.number, sj.name as bare_name, pj.name as project_name
    from spiders sj join projects pj on pj.id = sj.project_id
  ) s on s.project_id = j.project_id and s.number = j.spider`;

interface JobRow {
  id: string;
  project_id: number;
  spider_number: number;
  number: number;
  attempt: number;
  project: string;
  spider: string;
  name: string;
  running_at: Date | null;
  finished_at: Date | null;
  has_items: boolean;
}

function toScrapydJob(row: JobRow): ScrapydJob {
  return {
    key: { project: row.project_id, spider: row.spider_number, job: row.number },
    attempt: row.attempt,
    project: row.project,
    spider: row.spider,
    name: row.name,
    pid: FIRST_PID + Number(row.id),
    startedAt: row.running_at,
    finishedAt: row.finished_at,
    hasItems: row.has_items,
  };
}

/** The newest change among the started jobs of what `where` says; no row without such a job. */
function newestChange(where: string): string {
  return `cross join lateral (
    select greatest(max(j.running_at), max(j.finished_at)) as changed_at from (
      select j.running_at, j.finished_at from jobs j
      where ${where} and j.state in ('running', 'finished') and j.running_at is not null
      order by j.state_since desc limit 1
    ) j having count(*) > 0
  ) newest`;
}

const STARTED_PROJECTS = `
  select p.name, newest.changed_at as "changedAt" from projects p ${newestChange('j.project_id = p.id')}
  where ${IN_REACH} order by p.name collate "C"`;

const STARTED_SPIDERS = `
  select s.name, newest.changed_at as "changedAt" from spiders s
  ${newestChange('j.project_id = s.project_id and j.spider = s.number')}
  where s.project_id = :project order by s.name collate "C"`;

const FIND_STARTED = `
  select ${JOB}
  from jobs j ${JOB_TABLES}
  where j.id in (${NAMED_JOBS}) and s.bare_name = :spiderName and j.running_at is not null
    and j.state in ('running', 'finished', 'pending', 'admitted')
  order by j.alias is not distinct from :alias desc limit 1`;

type Started = 'startedProjects' | 'startedSpiders' | 'findStarted' | 'jobs';

/** Started jobs as the web pages show them: in folders, in a table, and one by one. */
export function startedView(database: Database): Pick<ScrapydView, Started> {
  return {
    ...translated({
      async startedProjects(reach: Reach) {
        const result = await database.raw<{ rows: Folder[] }>(
          STARTED_PROJECTS,
          reachBindings(reach) as never,
        );
        return result.rows;
      },
      async startedSpiders(project: number) {
        return (await database.raw<{ rows: Folder[] }>(STARTED_SPIDERS, { project })).rows;
      },
      async findStarted(project: number, spider: string, name: Parameters<ScrapydView['state']>[1]) {
        const result = await database.raw<{ rows: JobRow[] }>(FIND_STARTED, {
          ...nameBindings([project], name),
          spiderName: spider,
        } as never);
        return result.rows[0] ? toScrapydJob(result.rows[0]) : null;
      },
    }),
    async *jobs(state, range, limit) {
      const sql = `select ${JOB} ${jobsOf(state, range, JOB_TABLES, ':limit')}`;
      for await (const row of rowsOf<JobRow>(database, sql, { ...rangeBindings(range), limit }))
        yield toScrapydJob(row);
    },
  };
}

/** Rows as they are read: what is not asked for any more is not fetched. */
async function* rowsOf<T>(
  database: Database,
  sql: string,
  bindings: Record<string, unknown>,
): AsyncGenerator<T> {
  const stream = database.raw(sql, bindings as never).stream({ highWaterMark: 200 });
  try {
    for await (const row of stream) yield row as T;
  } catch (error) {
    throw fromPostgres(error);
  } finally {
    stream.destroy();
  }
}
