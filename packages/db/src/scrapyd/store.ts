import { accountErrors } from '@spiderhub/core';
import type { ScrapydStore, ScrapydUser, ScrapydUserStore } from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { stopJobs } from '../jobs/change.ts';
import { translated } from '../pg-errors.ts';

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
      await database.transaction(async (tx) => {
        await tx('versions').where({ project_id: project }).delete();
        await stopJobs(tx, { project, waiting: true }, { level: 1, by });
      });
    },
  });
}

export function createScrapydUserStore(database: Database): ScrapydUserStore {
  return translated<ScrapydUserStore>({
    async findUser(username): Promise<ScrapydUser | null> {
      const row = await database('scrapyd_users')
        .where({ username })
        .first('username', 'organisation_id', 'password_hash', 'role');
      return row
        ? {
            username: row.username,
            organisation: row.organisation_id,
            passwordHash: row.password_hash,
            role: row.role,
          }
        : null;
    },
    async saveUser(organisation, username, passwordHash, role) {
      const owner = await database('organisations').where({ name: organisation }).first('id');
      if (!owner) {
        throw accountErrors.notFound('organisation', organisation);
      }
      const { rows } = await database.raw<{ rows: { created: boolean }[] }>(
        `insert into scrapyd_users as u (organisation_id, username, password_hash, role)
        values (:owner, :username, :passwordHash, coalesce(:role, 'admin'))
        on conflict (username) do update
          set password_hash = excluded.password_hash, role = coalesce(:role, u.role)
          where u.organisation_id = excluded.organisation_id
        returning xmax = 0 as created`,
        { owner: owner.id, username, passwordHash, role: role ?? null } as never,
      );
      if (!rows[0]) {
        throw accountErrors.scrapydUserElsewhere(username);
      }
      return { created: rows[0].created };
    },
  });
}
