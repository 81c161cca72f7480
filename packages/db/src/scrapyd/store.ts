import { accountErrors, COMMAND, inVersionOrder, type Role } from '@spiderhub/core';
import type { ScrapydStore, ScrapydUser, ScrapydUserStore } from '@spiderhub/core/scrapyd';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { stopJobs } from '../jobs/change.ts';
import { translated } from '../pg-errors.ts';
import { removeVersion, versionInUse } from '../stores/version-store.ts';

export function createScrapydStore(database: Database): ScrapydStore {
  return translated<ScrapydStore>({
    ensureProject: (actor, organisation, name) =>
      database.transaction(async (tx) => {
        const [made] = await tx('projects')
          .insert({ organisation_id: organisation, name })
          .onConflict(['organisation_id', 'name'])
          .ignore()
          .returning('id');
        if (!made)
          return (await tx('projects').where({ organisation_id: organisation, name }).first('id')).id;
        const entry = { place: { project: made.id }, object: `project ${made.id}`, after: { name } };
        await audit(tx, actor, { ...entry, action: 'project.made' });
        return made.id;
      }),
    chooseLatest: (actor, project) =>
      database.transaction(async (tx) => {
        // Deployments lock the project's row, too: each that was stored before is seen, and none comes in between.
        const before = await tx('projects').where({ id: project }).forUpdate().first('latest_version');
        const versions = await tx('versions')
          .where({ project_id: project })
          .orderBy('deployed_at')
          .select('name');
        const latest = inVersionOrder<{ name: string }>(versions).at(-1)?.name;
        if (latest === undefined || latest === (await versionInUse(tx, project))) return;
        await tx('projects').where({ id: project }).update({ latest_version: latest });
        const entry = { place: { project }, object: `version ${latest}`, before };
        await audit(tx, actor, { ...entry, action: 'version.chosen' });
      }),
    removeVersion: (actor, project, name) =>
      database.transaction((tx) => removeVersion(tx, actor, project, name)),
    removeProject: (actor, project) =>
      database.transaction(async (tx) => {
        const gone = await tx('versions').where({ project_id: project }).delete().returning('name');
        const stopped = await stopJobs(tx, { project, waiting: true }, { level: 1, by: actor });
        await audit(tx, actor, {
          action: 'project.emptied',
          place: { project },
          object: `project ${project}`,
          before: { versions: gone.map(({ name }) => name) },
          after: { cancelled: stopped.length },
        });
      }),
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
    saveUser: (organisation, username, passwordHash, role, actor = COMMAND) =>
      database.transaction(async (tx) => {
        const owner = await tx('organisations').where({ name: organisation }).first('id');
        if (!owner) {
          throw accountErrors.notFound('organisation', organisation);
        }
        const { rows } = await tx.raw<{ rows: { created: boolean; role: Role }[] }>(
          `insert into scrapyd_users as u (organisation_id, username, password_hash, role)
        values (:owner, :username, :passwordHash, coalesce(:role, 'admin'))
        on conflict (username) do update
          set password_hash = excluded.password_hash, role = coalesce(:role, u.role)
          where u.organisation_id = excluded.organisation_id
        returning xmax = 0 as created, u.role`,
          { owner: owner.id, username, passwordHash, role: role ?? null } as never,
        );
        if (!rows[0]) {
          throw accountErrors.scrapydUserElsewhere(username);
        }
        const [{ created, role: now }] = rows as [{ created: boolean; role: Role }];
        const entry = { place: { organisation: owner.id }, object: `scrapyd user ${username}` };
        await audit(tx, actor, { ...entry, action: 'scrapyd-user.saved', after: { created, role: now } });
        return { created };
      }),
  });
}
