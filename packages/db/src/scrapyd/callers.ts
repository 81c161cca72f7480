import { accountErrors } from '@spiderhub/core';
import type {
  ScrapydCaller,
  ScrapydCallerStore,
  ScrapydNetwork,
  ScrapydNetworkStore,
} from '@spiderhub/core/scrapyd';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

const LIST = `
  select o.name as organisation, c.username, c.network, c.role
  from (
    select organisation_id, username, null as network, role from scrapyd_users
    union all select organisation_id, null, network::text, role from scrapyd_networks
  ) c join organisations o on o.id = c.organisation_id
  order by o.name, c.username, c.network`;

const SAVE = `
  insert into scrapyd_networks as n (network, organisation_id, role)
  select :network::cidr, o.id, :role from organisations o where o.id = :owner
  on conflict (network) do update set role = excluded.role where n.organisation_id = excluded.organisation_id
  returning network`;

/** Who may use Scrapyd's API, by name or by address. */
export function createScrapydCallerStore(database: Database): ScrapydCallerStore & ScrapydNetworkStore {
  return translated<ScrapydCallerStore & ScrapydNetworkStore>({
    async listNetworks() {
      const { rows } = await database.raw<{ rows: ScrapydNetwork[] }>(
        'select network::text as network, organisation_id as organisation, role from scrapyd_networks',
      );
      return rows;
    },
    async listCallers() {
      const { rows } = await database.raw<{ rows: ScrapydCaller[] }>(LIST);
      return rows;
    },
    async saveNetworks(actor, organisation, networks, role) {
      await database.transaction(async (tx) => {
        const owner = await tx('organisations').where({ name: organisation }).first('id');
        if (!owner) throw accountErrors.notFound('organisation', organisation);
        for (const network of networks) {
          const { rows } = await tx.raw<{ rows: unknown[] }>(SAVE, { network, owner: owner.id, role });
          if (rows.length === 0) throw accountErrors.networkElsewhere(network);
          const entry = { place: { organisation: owner.id }, object: `network ${network}`, after: { role } };
          await audit(tx, actor, { ...entry, action: 'scrapyd-network.saved' });
        }
      });
    },
    removeUser: (actor, username) =>
      database.transaction(async (tx) => {
        const [gone] = await tx('scrapyd_users')
          .where({ username })
          .delete()
          .returning(['organisation_id', 'role']);
        if (!gone) throw accountErrors.notFound('user', username);
        const { organisation_id: organisation, role } = gone;
        const entry = { place: { organisation }, object: `scrapyd user ${username}`, before: { role } };
        await audit(tx, actor, { ...entry, action: 'scrapyd-user.removed' });
      }),
    removeNetwork: (actor, network) =>
      database.transaction(async (tx) => {
        const [gone] = await tx('scrapyd_networks')
          .where({ network })
          .delete()
          .returning(['organisation_id', 'role']);
        if (!gone) throw accountErrors.notFound('network', network);
        const { organisation_id: organisation, role } = gone;
        const entry = { place: { organisation }, object: `network ${network}`, before: { role } };
        await audit(tx, actor, { ...entry, action: 'scrapyd-network.removed' });
      }),
  });
}
