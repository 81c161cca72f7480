import type { DeployedProject, Reach, ScrapydJob, ScrapydState, ScrapydView } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { fromPostgres, translated } from '../pg-errors.ts';
import { NAMED_JOBS, nameBindings } from '../stores/scrapyd-store.ts';
import {
  FIRST_PID,
  jobsOf,
  listingBindings,
  listingSql,
  rangeBindings,
  SCRAPYD_NAME,
} from './scrapyd-listing.ts';

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

const COUNTS = `
  select
    (select count(*)::int from jobs j where j.project_id = any(:projects::int[]) and j.state = 'pending')
      + (select count(*)::int from jobs j where j.project_id = any(:projects::int[]) and j.state = 'admitted')
      as pending,
    (select count(*)::int from jobs j where j.project_id = any(:projects::int[]) and j.state = 'running') as running,
    (select count(*)::int from (
      select from jobs j
      where j.project_id = any(:projects::int[]) and j.state = 'finished' and j.running_at is not null
      limit :mostFinished) f) as finished`;

const JOB = `j.id, j.project_id, j.spider as spider_number, j.number, j.attempt, p.name as project, s.name as spider,
  ${SCRAPYD_NAME} as name, j.running_at, case when j.state = 'finished' then j.finished_at end as finished_at, j.items`;

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
  items: string;
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
    items: Number(row.items),
  };
}

const STARTED_SPIDERS = `
  select s.name, newest.state_since as "changedAt"
  from spiders s
  cross join lateral (
    select j.state_since from jobs j
    where j.project_id = s.project_id and j.spider = s.number and j.state in ('running', 'finished')
      and j.running_at is not null
    order by j.state_since desc limit 1
  ) newest
  where s.project_id = :project
  order by s.name`;

const FIND_STARTED = `
  select ${JOB}
  from jobs j
  join projects p on p.id = j.project_id
  join spiders s on s.project_id = j.project_id and s.number = j.spider
  where j.id in (${NAMED_JOBS}) and s.name = :spiderName and j.running_at is not null
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
      async startedSpiders(project: number) {
        const result = await database.raw<{ rows: { name: string; changedAt: Date }[] }>(STARTED_SPIDERS, {
          project,
        });
        return result.rows;
      },
      async findStarted(project: number, spider: string, name: Parameters<ScrapydView['state']>[1]) {
        const result = await database.raw<{ rows: JobRow[] }>(FIND_STARTED, {
          ...nameBindings([project], name),
          spiderName: spider,
        } as never);
        return result.rows[0] ? toScrapydJob(result.rows[0]) : null;
      },
    }),
    async *listing(range, style) {
      for await (const { piece } of rows<{ piece: string }>(
        listingSql(range),
        listingBindings(range, style),
      )) {
        yield piece;
      }
    },
    async *jobs(range) {
      for await (const row of rows<JobRow>(`select ${JOB} ${jobsOf(range)}`, rangeBindings(range))) {
        yield toScrapydJob(row);
      }
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
