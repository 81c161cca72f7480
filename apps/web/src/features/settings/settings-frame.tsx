import { getRouteApi, Link, Outlet } from '@tanstack/react-router';
import { Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';

const route = getRouteApi('/inside/p/$project/settings');

const PARTS = [
  ['/p/$project/settings', 'General'],
  ['/p/$project/settings/keys', 'Keys'],
  ['/p/$project/settings/variables', 'Variables and settings'],
  ['/p/$project/settings/limits', 'Limits and usage'],
  ['/p/$project/settings/audit', 'Audit'],
] as const;

/** What belongs to a project beside its jobs and its code. */
export default function SettingsFrame() {
  const params = route.useParams();
  return (
    <Page title="Settings">
      <Tabs label="Parts of the settings">
        {PARTS.map(([to, name]) => (
          <Link
            key={to}
            to={to}
            params={params}
            activeProps={{ 'aria-current': 'page' }}
            activeOptions={{ exact: true }}
          >
            {name}
          </Link>
        ))}
      </Tabs>
      <Outlet />
    </Page>
  );
}
