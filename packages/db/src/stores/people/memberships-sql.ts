import type { Principal, Role } from '@spiderhub/core';

/** What a caller is a member of: `[number, role]`, and of projects `[number, inherited role, own role]`. */
export interface MembershipRow {
  projects: [number, Role | null, Role | null][];
  organisations: [number, Role][];
}

/**
 * Memberships of a user, and of the one project that a key may have, as two columns of a statement. The tables of that
 * statement are called neither mp nor om nor pm.
 */
export function membershipColumns(user: string, project = 'null::integer', role = 'null::text'): string {
  return `
    (
      select coalesce(json_agg(json_build_array(mp.id, om.role, coalesce(pm.role, case when mp.id = ${project} then ${role} end))
        order by mp.id), '[]')
      from projects mp
        left join members om on om.organisation_id = mp.organisation_id and om.user_id = ${user}
        left join project_members pm on pm.project_id = mp.id and pm.user_id = ${user}
      where mp.organisation_id in (select om.organisation_id from members om where om.user_id = ${user})
        or mp.id in (select pm.project_id from project_members pm where pm.user_id = ${user})
        or mp.id = ${project}
    ) as projects,
    (
      select coalesce(json_agg(json_build_array(om.organisation_id, om.role) order by om.organisation_id), '[]')
      from members om where om.user_id = ${user}
    ) as organisations`;
}

/** The two columns as a principal has them. */
export function membershipsOf(row: MembershipRow): Pick<Principal, 'projects' | 'organisations'> {
  return {
    projects: new Map(row.projects.map(([id, inherited, own]) => [id, { inherited, own }])),
    organisations: new Map(row.organisations),
  };
}
