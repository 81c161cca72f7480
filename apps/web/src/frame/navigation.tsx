import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Activity, Bug, Code, List, type LucideIcon, Settings } from 'lucide-react';
import { listProjectNumbers } from '../api/spiders.ts';
import { count } from '../lib/format.ts';
import { useKeys } from '../lib/keys.ts';
import { usePollWithoutStream } from '../lib/live/liveness.ts';

interface Place {
  to:
    | '/p/$project'
    | '/p/$project/jobs'
    | '/p/$project/spiders'
    | '/p/$project/code'
    | '/p/$project/settings';
  name: string;
  icon: LucideIcon;
  key: string;
}

export const PLACES: readonly Place[] = [
  { to: '/p/$project', name: 'Overview', icon: Activity, key: 'o' },
  { to: '/p/$project/jobs', name: 'Jobs', icon: List, key: 'j' },
  { to: '/p/$project/spiders', name: 'Spiders', icon: Bug, key: 's' },
  { to: '/p/$project/code', name: 'Code', icon: Code, key: 'c' },
  { to: '/p/$project/settings', name: 'Settings', icon: Settings, key: 'e' },
];

const POLL_MS = 5000;

/** What runs and waits in each of one's projects, in one call for all of them. */
const numbersQuery = {
  queryKey: ['numbers'],
  queryFn: ({ signal }: { signal: AbortSignal }) => listProjectNumbers({}, { signal }),
};

/** The screens of a project. */
export function NavigationOfProject({ project }: { project: number }) {
  const navigate = useNavigate();
  const { data } = useQuery({ ...numbersQuery, refetchInterval: usePollWithoutStream(POLL_MS) });
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
      <ul>
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
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
