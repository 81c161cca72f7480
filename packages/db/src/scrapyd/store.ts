import { DomainError } from '@spiderhub/core';
import type {
  JobName,
  PreviousState,
  ScrapydStore,
  ScrapydUser,
  ScrapydUserStore,
} from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

/** The jobs that a name means, as a subquery of ids: by the caller's own name, or by their key. */
export const NAMED_JOBS = `
  select a.id from jobs a where a.project_id = any(:projects::int[]) and a.alias = :alias and a.state <> 'deleted'
  union
  select k.id from jobs k
  where k.project_id = any(:projects::int[]) and k.project_id = :keyProject::int and k.spider = :keySpider::int
    and k.number = :keyJob::int and k.state <> 'deleted'`;

export function nameBindings(projects: readonly number[], { alias, key }: JobName): Record<string, unknown> {
  return {
    projects: [...projects],
    alias,
    keyProject: key?.project ?? null,
    keySpider: key?.spider ?? null,
    keyJob: key?.job ?? null,
  };
}

// Level 0 asks nothing of a running job. Level 1 counts calls, as Scrapy counts signals: the second one is level 2.
const CANCEL = `
  with found as (
    select j.id, j.state from jobs j
    where j.id in (${NAMED_JOBS}) and j.state in ('pending', 'admitted', 'running')
    order by j.id for no key update of j
  ),
  changed as (
    update jobs j set
      state = case when f.state = 'running' then f.state else 'finished' end,
      state_since = case when f.state = 'running' then j.state_since else now() end,
      finished_at = case when f.state = 'running' then j.finished_at else now() end,
      close_reason = case when f.state = 'running' then j.close_reason else 'cancelled' end,
      completed_by = case when f.state = 'running' then j.completed_by else :by end,
      stop_requested_at = case when f.state = 'running' and :level::int = 0 then j.stop_requested_at
        else coalesce(j.stop_requested_at, now()) end,
      cancelled_by = case when f.state = 'running' and :level::int = 0 then j.cancelled_by
        else coalesce(j.cancelled_by, :by) end,
      stop_level = case :level::int
        when 0 then j.stop_level
        when 1 then greatest(j.stop_level, least(j.stop_level + 1, 2))
        else greatest(j.stop_level, :level::int) end
    from found f
    where j.id = f.id
    returning f.state as before, j.worker
  )
  select before, worker from changed order by before = 'running' desc`;

const REMOVE_PROJECT = `
  with gone as (delete from versions where project_id = :project)
  update jobs set state = 'finished', state_since = now(), finished_at = now(), close_reason = 'cancelled',
    completed_by = :by, cancelled_by = coalesce(cancelled_by, :by)
  where project_id = :project and state in ('pending', 'admitted') and not external`;

export function createScrapydStore(database: Database): ScrapydStore {
  return translated<ScrapydStore>({
    async ensureProject(organisation, name) {
      const [made] = await database('projects')
        .insert({ organisation_id: organisation, name })
        .onConflict(['organisation_id', 'name'])
        .ignore()
        .returning('id');
      if (made) return made.id;
      return (await database('projects').where({ organisation_id: organisation, name }).first('id')).id;
    },
    async setLatest(project, version) {
      await database('projects').where({ id: project }).update({ latest_version: version });
    },
    async removeVersion(project, name) {
      return (await database('versions').where({ project_id: project, name }).delete()) > 0;
    },
    async removeProject(project, by) {
      await database.raw(REMOVE_PROJECT, { project, by });
    },
    async cancel(projects, name, level, by) {
      const { rows } = await database.raw<{ rows: { before: string; worker: string | null }[] }>(CANCEL, {
        ...nameBindings(projects, name),
        level,
        by,
      });
      const [first] = rows;
      if (!first) return { previous: null, worker: null };
      const previous: PreviousState = first.before === 'running' ? 'running' : 'pending';
      return { previous, worker: previous === 'running' ? first.worker : null };
    },
  });
}

export function createScrapydUserStore(database: Database): ScrapydUserStore {
  return translated<ScrapydUserStore>({
    async findUser(username): Promise<ScrapydUser | null> {
      const row = await database('scrapyd_users')
        .where({ username })
        .first('username', 'organisation_id', 'password_hash');
      return row
        ? { username: row.username, organisation: row.organisation_id, passwordHash: row.password_hash }
        : null;
    },
    async saveUser(organisation, username, passwordHash) {
      const owner = await database('organisations').where({ name: organisation }).first('id');
      if (!owner) {
        throw new DomainError(
          'not_found',
          'organisation_not_found',
          `organisation: ${organisation} not found`,
        );
      }
      const { rows } = await database.raw<{ rows: { created: boolean }[] }>(
        `insert into scrapyd_users as u (organisation_id, username, password_hash)
        values (:owner, :username, :passwordHash)
        on conflict (username) do update set password_hash = excluded.password_hash
          where u.organisation_id = excluded.organisation_id
        returning xmax = 0 as created`,
        { owner: owner.id, username, passwordHash },
      );
      if (!rows[0]) {
        throw new DomainError(
          'conflict',
          'user_exists',
          `scrapyd user ${username} belongs to another organisation`,
        );
      }
      return { created: rows[0].created };
    },
  });
}
