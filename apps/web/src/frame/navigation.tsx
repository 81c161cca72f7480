import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import {
  Activity,
  Bug,
  CalendarClock,
  Code,
  List,
  type LucideIcon,
  Settings,
  Webhook,
  Workflow,
} from 'lucide-react';
import { listProjectNumbers } from '../api/spiders.ts';
import { listWebhooks } from '../api/webhooks.ts';
import { count } from '../lib/format.ts';
import { useKeys } from '../lib/keys.ts';
import { usePollWithoutStream } from '../lib/live/liveness.ts';
import { mayNot, useProject } from '../lib/me.ts';
import { useCurrentInSight } from '../ui/tabs.tsx';

interface Place {
  to:
    | '/p/$project'
    | '/p/$project/jobs'
    | '/p/$project/spiders'
    | '/p/$project/periodic'
    | '/p/$project/code'
    | '/p/$project/rules'
    | '/p/$project/webhooks'
    | '/p/$project/settings';
  name: string;
  icon: LucideIcon;
  key: string;
}

export const PLACES: readonly Place[] = [
  { to: '/p/$project', name: 'Overview', icon: Activity, key: 'o' },
  { to: '/p/$project/jobs', name: 'Jobs', icon: List, key: 'j' },
  { to: '/p/$project/spiders', name: 'Spiders', icon: Bug, key: 's' },
  { to: '/p/$project/periodic', name: 'Periodic jobs', icon: CalendarClock, key: 'p' },
  { to: '/p/$project/code', name: 'Code', icon: Code, key: 'c' },
  { to: '/p/$project/rules', name: 'Rules', icon: Workflow, key: 'r' },
  { to: '/p/$project/webhooks', name: 'Webhooks', icon: Webhook, key: 'w' },
  { to: '/p/$project/settings', name: 'Settings', icon: Settings, key: 'e' },
];

const POLL_MS = 5000;

/** What runs and waits in each of one's projects, in one call for all of them. */
const numbersQuery = {
  queryKey: ['numbers'],
  queryFn: ({ signal }: { signal: AbortSignal }) => listProjectNumbers({}, { signal }),
};

const LOOK_MS = 60_000;

/** Whether messages to one of the project's receivers fail, or are not sent any more because they did. */
function useFailingWebhooks(project: number): boolean {
  const known = useProject(project);
  const { data } = useQuery({
    queryKey: ['webhooks', project],
    queryFn: ({ signal }) => listWebhooks({ params: { project } }, { signal }),
    enabled: known !== undefined && mayNot(known.role, 'develop') === null,
    refetchInterval: LOOK_MS,
    retry: false,
  });
  return data?.webhooks.some(({ failingSince }) => failingSince !== null) ?? false;
}

/** The screens of a project. */
export function NavigationOfProject({ project }: { project: number }) {
  const navigate = useNavigate();
  const { data } = useQuery({ ...numbersQuery, refetchInterval: usePollWithoutStream(POLL_MS) });
  const isFailing = useFailingWebhooks(project);
  const inSight = useCurrentInSight<HTMLUListElement>();
  const numbers = data?.projects.find(({ id }) => id === project);
  useKeys(
    PLACES.map(({ to, name, key }) => ({
      keys: `g ${key}`,
      what: `Go to ${name.toLowerCase()}`,
      run: () => void navigate({ to, params: { project } }),
    })),
  );
  return (
    <nav className="side" aria-label="Project">
      <ul ref={inSight}>
        {PLACES.map(({ to, name, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              params={{ project }}
              activeProps={{ 'aria-current': 'page' }}
              activeOptions={{ exact: to === '/p/$project', includeSearch: false }}
            >
              <Icon size={16} aria-hidden="true" />
              {name}
              {name === 'Jobs' && numbers && numbers.running > 0 && (
                <span className="count" title="running">
                  {count(numbers.running)}
                </span>
              )}
              {name === 'Webhooks' && isFailing && (
                <span className="count bad" title="Messages fail">
                  !<span className="hidden-text"> messages fail</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
