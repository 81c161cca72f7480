import { getRouteApi, Link, Outlet } from '@tanstack/react-router';
import { useOrganisation } from '../../lib/me.ts';
import { Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';

const route = getRouteApi('/inside/o/$organisation');

const PARTS = [
  ['/o/$organisation/members', 'Members'],
  ['/o/$organisation/keys', 'Keys'],
  ['/o/$organisation/limits', 'Limits and usage'],
  ['/o/$organisation/audit', 'Audit'],
] as const;

/** An organisation: who is in it, which keys reach into it, what it may take of the service. */
export default function OrganisationFrame() {
  const params = route.useParams();
  const { data } = useOrganisation(params.organisation);
  return (
    <Page title={data?.name ?? 'Organisation'} facts={<span className="dim">organisation</span>}>
      <Tabs label="Parts of the organisation">
        {PARTS.map(([to, name]) => (
          <Link key={to} to={to} params={params} activeProps={{ 'aria-current': 'page' }}>
            {name}
          </Link>
        ))}
      </Tabs>
      <Outlet />
    </Page>
  );
}
