import type { Reach } from '@spiderhub/core';
import type { DeployedProject, ScrapydView } from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

/** Projects that a caller may name, as a condition on `projects p`; its bindings are `reachBindings`. */
export const IN_REACH = '(p.organisation_id = any(:organisations::int[]) or p.id = any(:single::int[]))';

export function reachBindings({ organisations, projects }: Reach): Record<string, unknown> {
  return { organisations: [...organisations], single: [...projects] };
}

const FIND_PROJECT = `
  select p.id, p.name, p.latest_version, v.name as version, v.spiders
  from projects p join versions v on v.project_id = p.id
  where ${IN_REACH} and p.name = :name
  order by p.id, v.deployed_at`;

interface VersionRow {
  id: number;
  name: string;
  latest_version: string | null;
  version: string;
  spiders: string[];
}

/** Projects by what their callers reach. */
export function projectsView(database: Database): Pick<ScrapydView, 'projects' | 'findProject'> {
  return translated({
    async projects(reach: Reach) {
      const result = await database.raw<{ rows: { id: number; name: string; deployed: boolean }[] }>(
        `select p.id, p.name, exists (select from versions v where v.project_id = p.id) as deployed
          from projects p where ${IN_REACH} order by p.id`,
        reachBindings(reach) as never,
      );
      return result.rows;
    },
    async findProject(reach: Reach, name: string) {
      const result = await database.raw<{ rows: VersionRow[] }>(FIND_PROJECT, {
        ...reachBindings(reach),
        name,
      } as never);
      return toProject(result.rows);
    },
  });
}

/** Rows of several projects may come, when a caller belongs to several organisations: the oldest project counts. */
function toProject(rows: VersionRow[]): DeployedProject | null {
  const [first] = rows;
  if (!first) return null;
  const versions = rows
    .filter((row) => row.id === first.id)
    .map((row) => ({ name: row.version, spiders: row.spiders }));
  const newest = versions.at(-1)?.name ?? first.version;
  const pinned = versions.some(({ name }) => name === first.latest_version) ? first.latest_version : null;
  return { id: first.id, name: first.name, versions, latest: pinned ?? newest };
}
