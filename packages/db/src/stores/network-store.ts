import {
  type AllowedNetwork,
  accessErrors,
  type Destination,
  formatDestination,
  type NetworkStore,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

// The project's row is locked, so that what is answered is what holds when two operators change it at once.
const CHANGE = `
  with owner as (select id from projects where id = :project for update),
  given as (
    select network, "firstPort", "lastPort" from jsonb_to_recordset(:allow::jsonb)
      as a(network cidr, "firstPort" int, "lastPort" int)
    except
    select network, "firstPort", "lastPort" from jsonb_to_recordset(:remove::jsonb)
      as r(network cidr, "firstPort" int, "lastPort" int)
  ),
  removed as (
    delete from network_allowed n using owner, jsonb_to_recordset(:remove::jsonb)
      as r(network cidr, "firstPort" int, "lastPort" int)
    where n.project_id = owner.id and n.network = r.network
      and n.first_port = r."firstPort" and n.last_port = r."lastPort"
  )
  insert into network_allowed (project_id, network, first_port, last_port)
  select owner.id, network, "firstPort", "lastPort" from owner, given
  on conflict do nothing`;

const COLUMNS = `jsonb_agg(jsonb_build_object('network', n.network::text, 'firstPort', n.first_port, 'lastPort', n.last_port)
  order by n.network, n.first_port, n.last_port)`;

const OF_PROJECT = `
  select p.id as project, coalesce(${COLUMNS} filter (where n.project_id is not null), '[]') as destinations
  from projects p left join network_allowed n on n.project_id = p.id where p.id = :project group by p.id`;

const ALL = `
  select n.project_id as project, ${COLUMNS} as destinations from network_allowed n group by 1 order by 1`;

export function createNetworkStore(database: Database): NetworkStore {
  const asRows = (destinations: Destination[]) => JSON.stringify(destinations);
  return translated<NetworkStore>({
    change(actor, project, { allow, remove }) {
      return database.transaction(async (work) => {
        const before = await work.raw<{ rows: AllowedNetwork[] }>(OF_PROJECT, { project });
        await work.raw(CHANGE, { project, allow: asRows(allow), remove: asRows(remove) });
        const { rows } = await work.raw<{ rows: AllowedNetwork[] }>(OF_PROJECT, { project });
        if (!rows[0]) throw accessErrors.projectNotFound(project);
        const [was, is] = [before.rows[0]?.destinations ?? [], rows[0].destinations];
        if (JSON.stringify(was) !== JSON.stringify(is)) {
          await audit(work, actor, {
            action: 'network.changed',
            place: { project },
            object: `project ${project}`,
            before: { allowed: was.map(formatDestination) },
            after: { allowed: is.map(formatDestination) },
          });
        }
        return rows[0];
      });
    },
    async all() {
      const { rows } = await database.raw<{ rows: AllowedNetwork[] }>(ALL);
      return rows;
    },
  });
}
