import type { KeyPlace, ListedKey, Role } from '@spiderhub/core';
import type { Database } from '../../database.ts';

interface KeyRow {
  id: number;
  hint: string;
  name: string;
  user_id: number | null;
  user: string | null;
  project_id: number | null;
  role: Role;
  staff: boolean;
  actions: string[] | null;
  projects: number[] | null;
  networks: string[] | null;
  created_at: Date;
  made_by: string;
  expires_at: Date | null;
  revoked_at: Date | null;
  replaced_by: number | null;
  last_used_at: Date | null;
  last_address: string | null;
  last_client: string | null;
}

/** Whether the owner of a key is somebody outside of the organisation whose list it is in. */
const IS_ELSEWHERE = `
  :organisation::int is not null and k.user_id is not null and (
    exists (select from members m where m.user_id = k.user_id and m.organisation_id <> :organisation::int)
    or exists (select from project_members s join projects p on p.id = s.project_id
      where s.user_id = k.user_id and p.organisation_id <> :organisation::int))`;

const SELECT = `
  select k.id, k.hint, k.name, k.user_id, u.name as "user", k.project_id, k.role, k.staff, k.actions, k.projects,
    k.networks::text[] as networks, k.created_at, k.made_by, k.expires_at, k.revoked_at, k.replaced_by,
    k.last_used_at, case when not (${IS_ELSEWHERE}) then k.last_address end as last_address,
    case when not (${IS_ELSEWHERE}) then k.last_client end as last_client
  from api_keys k left join users u on u.id = k.user_id
  where`;

const IN_ORGANISATION = `(
  k.project_id in (select p.id from projects p where p.organisation_id = :organisation::int)
  or (k.user_id in (select m.user_id from members m where m.organisation_id = :organisation::int)
    and (k.projects is null
      or exists (select from projects p where p.organisation_id = :organisation::int and p.id = any(k.projects)))))`;

/** How long keys that are over stay in lists. */
const LATELY = `
  coalesce(k.revoked_at, 'infinity') > now() - interval '30 days'
  and coalesce(k.expires_at, 'infinity') > now() - interval '30 days'`;

/** `all`: also those that ended long ago. */
export async function listKeys(
  database: Database,
  place: KeyPlace,
  { id = null, all = false }: { id?: number | null; all?: boolean } = {},
): Promise<ListedKey[]> {
  const { where, bindings } = placeSql(place);
  const { rows } = await database.raw<{ rows: KeyRow[] }>(
    `${SELECT} ${where} and (:all or ${LATELY}) and (:id::int is null or k.id = :id::int) order by k.id`,
    { organisation: null, ...bindings, id, all } as never,
  );
  return rows.map(toListedKey);
}

function placeSql(place: KeyPlace): { where: string; bindings: Record<string, number> } {
  if (place === 'anywhere') return { where: 'true', bindings: {} };
  if ('user' in place) return { where: 'k.user_id = :user', bindings: { user: place.user } };
  if ('project' in place) return { where: 'k.project_id = :project', bindings: { project: place.project } };
  return { where: IN_ORGANISATION, bindings: { organisation: place.organisation } };
}

function toListedKey(row: KeyRow): ListedKey {
  const { id, hint, name, project_id: project, staff, actions, projects, networks } = row;
  return {
    id,
    hint,
    name,
    user: row.user_id === null ? null : { id: row.user_id, name: row.user ?? '' },
    project,
    role: project === null ? null : row.role,
    staff,
    actions,
    projects,
    networks,
    createdAt: row.created_at,
    madeBy: row.made_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    replacedBy: row.replaced_by,
    lastUse: row.last_used_at && {
      at: row.last_used_at,
      address: row.last_address,
      client: row.last_client,
    },
  };
}
