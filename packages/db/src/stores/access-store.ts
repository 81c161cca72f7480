import type { AccessStore, DeadKey, KeyBounds, Principal, Project } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { type MembershipRow, membershipColumns, membershipsOf } from './people/memberships-sql.ts';

interface KeyRow extends MembershipRow {
  hash: Buffer;
  id: number;
  user_id: number | null;
  name: string;
  staff: boolean;
  actions: string[] | null;
  only: number[] | null;
  networks: string[] | null;
}

const NAME = `coalesce(u.name, case when k.staff then 'staff' else 'key ' || coalesce(nullif(k.name, ''), k.hint) end)`;

const FIND_DEAD = `
  select k.id, k.user_id as "user", k.project_id as project, ${NAME} as name,
    case when k.revoked_at is null then 'the key is over' else 'the key was revoked' end as why
  from api_keys k left join users u on u.id = k.user_id
  where k.hash = ? and (k.revoked_at is not null or k.expires_at <= now())`;

const FIND_KEYS = `
  select k.hash, k.id, k.user_id, k.staff, k.actions, k.projects as only, k.networks::text[] as networks,
    ${NAME} as name,
    ${membershipColumns('k.user_id', 'k.project_id', 'k.role')}
  from api_keys k left join users u on u.id = k.user_id
  where k.hash = any(?::bytea[]) and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`;

export function createAccessStore(database: Database): AccessStore {
  async function findKeys(hashes: readonly Buffer[]): Promise<(Principal | null)[]> {
    const { rows } = await database.raw<{ rows: KeyRow[] }>(FIND_KEYS, [hashes] as never);
    const found = new Map(rows.map((row) => [row.hash.toString('hex'), toPrincipal(row)]));
    return hashes.map((hash) => found.get(hash.toString('hex')) ?? null);
  }

  return translated<AccessStore>({
    findKey: async (hash) => (await findKeys([hash]))[0] ?? null,
    findKeys,
    async findDeadKey(hash) {
      const { rows } = await database.raw<{ rows: DeadKey[] }>(FIND_DEAD, [hash]);
      return rows[0] ?? null;
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

function toPrincipal(row: KeyRow): Principal {
  const { id, user_id, name, staff } = row;
  return { name, staff, user: user_id, shown: { key: id }, ...boundOf(row) };
}

/** What a key reaches, and what it is good for there. */
function boundOf(row: KeyRow): Pick<Principal, 'projects' | 'organisations' | 'bounds'> {
  const { actions, only, networks } = row;
  const all = membershipsOf(row);
  if (!actions && !only && !networks) return all;
  const bounds: KeyBounds = { actions: actions && new Set(actions), projectsOnly: only !== null, networks };
  if (!only) return { ...all, bounds };
  const projects = new Map([...all.projects].filter(([id]) => only.includes(id)));
  return { projects, organisations: new Map(), bounds };
}
