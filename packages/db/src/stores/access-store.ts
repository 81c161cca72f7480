import type { AccessStore, Principal, Project, Role } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

/** What a caller is a member of: `[number, role]`, and of projects `[number, inherited role, own role]`. */
interface MembershipRow {
  projects: [number, Role | null, Role | null][];
  organisations: [number, Role][];
}

interface KeyRow extends MembershipRow {
  id: number;
  user_id: number | null;
  name: string;
  staff: boolean;
}

/** Memberships of the user and the project that `who` names, as columns of a statement. */
function memberships(user: string, project = 'null::integer', role = 'null::text'): string {
  return `
    (
      select coalesce(json_agg(json_build_array(p.id, m.role, coalesce(s.role, case when p.id = ${project} then ${role} end))
        order by p.id), '[]')
      from projects p
        left join members m on m.organisation_id = p.organisation_id and m.user_id = ${user}
        left join project_members s on s.project_id = p.id and s.user_id = ${user}
      where p.organisation_id in (select o.organisation_id from members o where o.user_id = ${user})
        or p.id in (select o.project_id from project_members o where o.user_id = ${user})
        or p.id = ${project}
    ) as projects,
    (
      select coalesce(json_agg(json_build_array(m.organisation_id, m.role) order by m.organisation_id), '[]')
      from members m where m.user_id = ${user}
    ) as organisations`;
}

const FIND_KEY = `
  select k.id, k.user_id, k.staff,
    coalesce(u.name, case when k.staff then 'staff' else 'key ' || k.hint end) as name,
    ${memberships('k.user_id', 'k.project_id', 'k.role')}
  from api_keys k left join users u on u.id = k.user_id
  where k.hash = ? and k.revoked_at is null`;

/** The two columns of `memberships` as a principal has them. */
function membershipsOf(row: MembershipRow): Pick<Principal, 'projects' | 'organisations'> {
  return {
    projects: new Map(row.projects.map(([id, inherited, own]) => [id, { inherited, own }])),
    organisations: new Map(row.organisations),
  };
}

export function createAccessStore(database: Database): AccessStore {
  return translated<AccessStore>({
    async findKey(hash): Promise<Principal | null> {
      const { rows } = await database.raw<{ rows: KeyRow[] }>(FIND_KEY, [hash]);
      const row = rows[0];
      if (!row) return null;
      const { id, user_id, name, staff } = row;
      return { name, staff, user: user_id, shown: { key: id }, ...membershipsOf(row) };
    },
    async findProject(id): Promise<Project | null> {
      const row = await database('projects').where({ id }).first('id', 'organisation_id', 'name', 'paused');
      return row
        ? { id: row.id, organisationId: row.organisation_id, name: row.name, paused: row.paused }
        : null;
    },
    async hasOrganisation(id) {
      return (await database('organisations').where({ id }).first('id')) !== undefined;
    },
  });
}
