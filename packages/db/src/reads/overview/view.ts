import type { OverviewView, ProjectNumbers } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { countersWhere } from '../count-sql.ts';
import { FAILED } from '../search/outcomes-sql.ts';
import { readServer } from './server.ts';

const MOST_PROJECTS = 1000;
const MOST_FAILED = 1000;
/** Jobs whose tags are offered. */
const NEWEST = 2000;

const PROJECTS = `
  with wanted as materialized (
    select p.id from projects p where :ids::int[] is null or p.id = any(:ids::int[]) order by p.id limit ${MOST_PROJECTS}
  ),
  counts as materialized (
    select c.project_id, c.state, sum(c.n)::bigint as n
    from (${countersWhere('c.project_id in (select id from wanted)')}) c group by c.project_id, c.state
  ),
  sums as (
    select project_id,
      coalesce(sum(n) filter (where state in ('pending', 'admitted')), 0)::bigint as pending,
      coalesce(sum(n) filter (where state in ('running', 'outside')), 0)::bigint as running,
      coalesce(sum(n) filter (where state = 'finished'), 0)::bigint as finished
    from counts group by project_id
  )
  select w.id, coalesce(s.pending, 0) as pending, coalesce(s.running, 0) as running, coalesce(s.finished, 0) as finished,
    (select count(*)::int from spiders k where k.project_id = w.id and k.listed) as spiders,
    (select count(*)::int from (
      select from jobs j where j.project_id = w.id and j.state = 'finished' and ${FAILED} and j.state_since >= :since
      limit ${MOST_FAILED + 1}
    ) f) as failed,
    (select j.state_since from jobs j where j.project_id = w.id and j.state <> 'deleted'
      order by j.state_since desc, j.id desc limit 1) as last
  from wanted w left join sums s on s.project_id = w.id order by w.id`;

interface ProjectRow {
  id: number;
  pending: string;
  running: string;
  finished: string;
  spiders: number;
  failed: number;
  last: Date | null;
}

// Requeued jobs wait since they came back.
const OLDEST = `
  select min(x.since) as since from (
    (select j.state_since as since from jobs j where j.project_id = :project and j.state = 'pending'
      order by j.state_since, j.id limit 1)
    union all
    (select j.state_since from jobs j where j.project_id = :project and j.state = 'admitted'
      order by j.state_since, j.id limit 1)
  ) x`;

const HAS_KEY = `
  select exists (
    select from api_keys k
    where k.revoked_at is null and (k.project_id = :project
      or k.user_id in (select m.user_id from project_members m where m.project_id = :project)
      or k.user_id in (select m.user_id from members m join projects p on p.organisation_id = m.organisation_id
        where p.id = :project))
  ) as found`;

const TAGS = `
  select distinct t.tag from (
    select j.tags from jobs j where j.project_id = :project and j.state <> 'deleted'
    order by j.state_since desc, j.id desc limit ${NEWEST}
  ) j cross join lateral unnest(j.tags) t (tag)
  where starts_with(lower(t.tag), lower(:beginning)) order by t.tag limit :limit`;

const SPIDERS = `
  select s.number, s.name from spiders s
  where s.project_id = :project and position(lower(:part) in lower(s.name)) > 0
  order by not starts_with(lower(s.name), lower(:part)), s.name limit :limit`;

function toNumbers(row: ProjectRow): ProjectNumbers {
  return {
    id: row.id,
    pending: Number(row.pending),
    running: Number(row.running),
    finished: Number(row.finished),
    spiders: row.spiders,
    failed: { count: Math.min(row.failed, MOST_FAILED), atLeast: row.failed > MOST_FAILED },
    lastJobAt: row.last,
  };
}

export function createOverviewView(database: Database): OverviewView {
  async function rows<T>(sql: string, bindings: Record<string, unknown>): Promise<T[]> {
    return (await database.raw<{ rows: T[] }>(sql, bindings as never)).rows;
  }
  return translated<OverviewView>({
    async projects(ids, since) {
      const found = await rows<ProjectRow>(PROJECTS, { ids: ids && [...ids], since });
      return found.map(toNumbers);
    },
    oldestPending: async (project) =>
      (await rows<{ since: Date | null }>(OLDEST, { project }))[0]?.since ?? null,
    hasKey: async (project) => (await rows<{ found: boolean }>(HAS_KEY, { project }))[0]?.found ?? false,
    async tags(project, beginning, limit) {
      return (await rows<{ tag: string }>(TAGS, { project, beginning, limit })).map(({ tag }) => tag);
    },
    spiders: (project, part, limit) => rows(SPIDERS, { project, part, limit }),
    server: () => readServer(database),
  });
}
