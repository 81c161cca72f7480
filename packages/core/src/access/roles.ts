/** What somebody is in an organisation or a project, the mightiest first. */
export const ROLES = ['owner', 'admin', 'developer', 'operator', 'reader'] as const;
export type Role = (typeof ROLES)[number];

/** What each role is for, in the words of the documentation. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  owner: 'everything, and who else is an owner',
  admin: 'members, keys and projects, and what developers and operators may do',
  developer: 'deploys, settings and runs',
  operator: 'runs, tags and deletes jobs',
  reader: 'sees jobs, items and logs',
};

/**
 * What somebody is in one project. Both count: rights add up, so that being a reader of one project takes nothing from
 * who is an operator of its organisation.
 */
export interface ProjectRoles {
  /** By being a member of the project's organisation. */
  inherited: Role | null;
  /** In this project alone. */
  own: Role | null;
}

/** Whether `role` may appoint, change and remove somebody who is `other`: nobody makes anybody mightier than oneself. */
export function ranksWith(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(other);
}
