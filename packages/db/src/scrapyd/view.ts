import { promisify } from 'node:util';
import type { Reach } from '@spiderhub/core';
import type {
  DeployedProject,
  Folder,
  ListingStyle,
  ScrapydJob,
  ScrapydState,
  ScrapydView,
} from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { NAMED_JOBS, nameBindings } from '../jobs/select.ts';
import { fromPostgres, translated } from '../pg-errors.ts';
import { countersWhere } from '../reads/count-sql.ts';
import { createLineCache } from './line-cache.ts';
import {
  FIELDS_SQL,
  FIRST_PID,
  HAS_ITEMS,
  jobsIn,
  jobsOf,
  orderBindings,
  orderSql,
  rangeBindings,
  SCRAPYD_NAME,
  writeJob,
} from './listing.ts';

const immediately = promisify(setImmediate);
/** Jobs that are written before others have their turn. */
const JOBS_PER_PIECE = 500;
/** Jobs that are read at once. */
const JOBS_AT_ONCE = 2000;

const IN_REACH = '(p.organisation_id = any(:organisations::int[]) or p.id = any(:single::int[]))';

function reachBindings({ organisations, projects }: Reach): Record<string, unknown> {
  return { organisations: [...organisations], single: [...projects] };
}

const FIND_PROJECT = `
  select p.id, p.name, p.latest_version, v.name as version, v.spiders
  from projects p join versions v on v.project_id = p.id
  where ${IN_REACH} and p.name = :name
  order by p.id, v.deployed_at`;

interface VersionRow {
  id: number;
  name: string;
  latest_version: string | null;
  version: string;
  spiders: string[];
}

const STATE = `
  select case j.state when 'admitted' then 'pending' else j.state end as state
  from jobs j
  where j.id in (${NAMED_JOBS}) and (j.state <> 'finished' or j.running_at is not null)
  order by j.alias is not distinct from :alias desc, j.id desc limit 1`;

// What was cancelled before it was started is no job of Scrapyd's: finished ones are looked at, as far as they are shown.
const COUNTS = `
  select coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0)::int as pending,
    coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0)::int as running,
    (select count(*)::int from (
      select from jobs j
      where j.project_id = any(:projects::int[]) and j.state = 'finished' and j.running_at is not null
      limit :mostFinished) f) as finished
  from (${countersWhere(`c.project_id = any(:projects::int[]) and c.state <> 'finished'`)}) c`;

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

export function createScrapydView(database: Database): ScrapydView {
  async function* rows<T>(sql: string, bindings: Record<string, unknown>): AsyncGenerator<T> {
    const stream = database.raw(sql, bindings as never).stream({ highWaterMark: 200 });
    try {
      for await (const row of stream) yield row as T;
    } catch (error) {
      throw fromPostgres(error);
    } finally {
      stream.destroy();
    }
  }

  const cache = createLineCache();

  async function one<T>(sql: string, bindings: Record<string, unknown>): Promise<T> {
    try {
      const result = await database.raw<{ rows: [T] }>(sql, bindings as never);
      return result.rows[0];
    } catch (error) {
      throw fromPostgres(error);
    }
  }

  /** Lines of jobs in their order. Only what has changed since it was written last is read. */
  async function linesOf(
    state: ScrapydState,
    marks: readonly string[],
    projects: readonly number[],
    { prefix, timeZone, escape: escaping }: ListingStyle,
  ): Promise<string[]> {
    // A job that changes its state has another mark.
    const keyOf = (mark: string) => (prefix === '' ? mark : `${mark}${prefix}`);
    const lines = marks.map((mark) => cache.get(keyOf(mark)));
    const missing = marks.filter((_, i) => lines[i] === undefined);
    if (missing.length === 0) return lines as string[];
    const ids = missing.map((mark) => mark.slice(0, mark.indexOf(':')));
    const { jobs } = await one<{ jobs: string | null }>(FIELDS_SQL, {
      ids,
      projects: [...projects],
      timeZone,
    });
    const written = new Map<string, string>();
    for (const job of jobsIn(jobs)) {
      const { mark, line } = writeJob(state, job, prefix);
      const escaped = escaping(line);
      cache.set(keyOf(mark), escaped);
      written.set(mark.slice(0, mark.indexOf(':')), escaped);
    }
    // A job that is gone by now is left out; one that has changed is shown as it is now.
    return marks.flatMap((mark, i) => lines[i] ?? written.get(mark.slice(0, mark.indexOf(':'))) ?? []);
  }

  return {
    ...translated({
      async projects(reach: Reach) {
        const result = await database.raw<{ rows: { id: number; name: string; deployed: boolean }[] }>(
          `select p.id, p.name, exists (select from versions v where v.project_id = p.id) as deployed
          from projects p where ${IN_REACH} order by p.id`,
          reachBindings(reach) as never,
        );
        return result.rows;
      },
      async findProject(reach: Reach, name: string) {
        const result = await database.raw<{ rows: VersionRow[] }>(FIND_PROJECT, {
          ...reachBindings(reach),
          name,
        } as never);
        return toProject(result.rows);
      },
      async state(projects: readonly number[], name: Parameters<ScrapydView['state']>[1]) {
        const result = await database.raw<{ rows: { state: ScrapydState }[] }>(
          STATE,
          nameBindings(projects, name) as never,
        );
        return result.rows[0]?.state ?? null;
      },
      async counts(projects: readonly number[], mostFinished: number) {
        const result = await database.raw<{ rows: [Record<ScrapydState, number>] }>(COUNTS, {
          projects: [...projects],
          mostFinished,
        });
        return result.rows[0];
      },
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
    async *listing(states, range, limits, style) {
      const inJson = { ...style, prefix: JSON.stringify(style.prefix).slice(1, -1) };
      const order = await one<Partial<Record<ScrapydState, string | null>>>(
        orderSql(states, range),
        orderBindings(range, limits),
      );
      for (const state of states) {
        const marks = order[state]?.split(',') ?? [];
        for (let at = 0; at < marks.length; at += JOBS_AT_ONCE) {
          const lines = await linesOf(state, marks.slice(at, at + JOBS_AT_ONCE), range.projects, inJson);
          for (let from = 0; from < lines.length; from += JOBS_PER_PIECE) {
            yield { state, piece: lines.slice(from, from + JOBS_PER_PIECE).join(', ') };
            // Others have their turn after each piece.
            await immediately();
          }
        }
      }
    },
    async *jobs(state, range, limit) {
      const sql = `select ${JOB} ${jobsOf(state, range, JOB_TABLES, ':limit')}`;
      for await (const row of rows<JobRow>(sql, { ...rangeBindings(range), limit })) yield toScrapydJob(row);
    },
  };
}

/** Rows of several projects may come, when a caller belongs to several organisations: the oldest project counts. */
function toProject(rows: VersionRow[]): DeployedProject | null {
  const [first] = rows;
  if (!first) return null;
  const versions = rows
    .filter((row) => row.id === first.id)
    .map((row) => ({ name: row.version, spiders: row.spiders }));
  const newest = versions.at(-1)?.name ?? first.version;
  const pinned = versions.some(({ name }) => name === first.latest_version) ? first.latest_version : null;
  return { id: first.id, name: first.name, versions, latest: pinned ?? newest };
}
