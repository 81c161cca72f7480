import type { AccessStore, Principal, Project } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface KeyRow {
  name: string;
  staff: boolean;
  projects: number[];
  organisations: number[];
}

const FIND_KEY = `
  select coalesce(u.name, case when k.staff then 'staff' else 'key ' || k.hint end) as name, k.staff,
    array(
      select p.id from projects p
      where p.id = k.project_id
        or p.organisation_id in (select m.organisation_id from members m where m.user_id = k.user_id)
      order by p.id
    ) as projects,
    array(select m.organisation_id from members m where m.user_id = k.user_id) as organisations
  from api_keys k left join users u on u.id = k.user_id
  where k.hash = ? and k.revoked_at is null`;

export function createAccessStore(database: Database): AccessStore {
  return translated<AccessStore>({
    async findKey(hash): Promise<Principal | null> {
      const { rows } = await database.raw<{ rows: KeyRow[] }>(FIND_KEY, [hash]);
      const row = rows[0];
      return row ? { ...row, projects: new Set(row.projects) } : null;
    },
    async findProject(id): Promise<Project | null> {
      const row = await database('projects').where({ id }).first('id', 'organisation_id', 'name', 'paused');
      return row
        ? { id: row.id, organisationId: row.organisation_id, name: row.name, paused: row.paused }
        : null;
    },
  });
}
