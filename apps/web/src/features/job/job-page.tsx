import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate, useNavigate } from '@tanstack/react-router';
import { type ComponentType, lazy, Suspense, useRef } from 'react';
import { addressOfKey, type Job, type JobAddress, readJob, shortKey } from '../../api/jobs.ts';
import { listSpiders } from '../../api/spiders.ts';
import { count } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import { useKeys } from '../../lib/keys.ts';
import { useWatchedJob } from '../../lib/live/follow.ts';
import { usePollWithoutStream } from '../../lib/live/liveness.ts';
import { nothingBefore } from '../../lib/queries.ts';
import { askToRun } from '../../lib/run-request.ts';
import { whole } from '../../lib/whole.ts';
import { Empty, ErrorPanel, Pending, Skeleton } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { JobActions } from './job-actions.tsx';
import { JobFacts, JobFigures } from './job-head.tsx';
import { TABS, type Tab } from './tabs.ts';

const route = getRouteApi('/inside/p/$project/$spider/$job');
const POLL_MS = 2000;

/** What every tab gets. */
export interface TabProps {
  job: Job;
  address: JobAddress;
  /** Which try; undefined for the present one. */
  attempt: number | undefined;
}

const CONTENTS: Record<Tab, ComponentType<TabProps>> = {
  overview: lazy(() => import('./overview/overview-tab.tsx')),
  items: lazy(() => import('./items/items-tab.tsx')),
  log: lazy(() => import('./log/log-tab.tsx')),
  requests: lazy(() => import('./requests/requests-tab.tsx')),
  stats: lazy(() => import('./stats-tab.tsx')),
  charts: lazy(() => import('./charts/charts-tab.tsx')),
  settings: lazy(() => import('./settings-tab.tsx')),
  attempts: lazy(() => import('./attempts-tab.tsx')),
};

export default function JobPage() {
  const { project, spider, job } = route.useParams();
  const number = whole(spider);
  if (number === null) return <ByName project={project} name={spider} job={job} />;
  return <Known key={`${number}/${job}`} address={{ project, spider: number, job }} />;
}

/** The same page by the spider's name, as people write it. */
function ByName({ project, name, job }: { project: number; name: string; job: number }) {
  const search = route.useSearch();
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  const found = spiders.data?.spiders.find((spider) => spider.name === name);
  if (found) {
    return (
      <Navigate
        to="/p/$project/$spider/$job"
        params={{ project, spider: String(found.number), job }}
        search={search}
        replace
      />
    );
  }
  if (!spiders.data) return <Pending query={spiders} />;
  return (
    <Empty title="There is no such spider">
      <p className="anywhere">
        Nothing in this project is called “<bdi>{name}</bdi>”.
      </p>
      <p>
        <Link to="/p/$project/jobs" params={{ project }}>
          All jobs
        </Link>
      </p>
    </Empty>
  );
}

function Known({ address }: { address: JobAddress }) {
  const { project, spider, job: number } = address;
  const poll = usePollWithoutStream(POLL_MS);
  useWatchedJob(`${project}/${spider}/${number}`);
  const query = useQuery({
    queryKey: ['job', project, spider, number],
    queryFn: ({ signal }) => readJob({ params: { ...address } }, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'finished' || state.error ? false : poll),
    placeholderData: nothingBefore,
  });
  if (!query.data) {
    return (
      <Page title={`Job ${spider}/${number}`}>
        <Pending query={query} />
        {query.error && (
          <Link to="/p/$project/jobs" params={{ project }}>
            All jobs
          </Link>
        )}
      </Page>
    );
  }
  return <Whole job={query.data} address={address} error={query.error} />;
}

/** Where it is worth looking first: at its error, at its tail, or at all of it. */
function firstTab({ state, outcome, errors }: Job): Tab {
  if (state === 'running') return 'log';
  return state === 'finished' && outcome === 'failed' && errors > 0 ? 'log' : 'overview';
}

/** Chosen once, when it has begun: what somebody looks at does not move away when a job ends. */
function useFirstTab(job: Job): Tab {
  const chosen = useRef<Tab | null>(null);
  if (job.state !== 'pending') chosen.current ??= firstTab(job);
  return chosen.current ?? 'overview';
}

function Whole({ job, address, error }: { job: Job; address: JobAddress; error: unknown }) {
  const navigate = useNavigate();
  const guessed = useFirstTab(job);
  const { tab = guessed, attempt } = route.useSearch();
  const { project } = address;
  const Content = CONTENTS[tab];
  const params = { project, spider: String(address.spider), job: address.job };
  const go = (key: string | null) => {
    if (key === null) return;
    const { spider, job: number } = addressOfKey(key);
    void navigate({
      to: '/p/$project/$spider/$job',
      params: { project, spider: String(spider), job: number },
      search: { tab },
    });
  };
  useKeys([
    ...TABS.map((each, i) => ({
      keys: String(i + 1),
      what: `Tab ${each}`,
      run: () => void navigate({ to: '/p/$project/$spider/$job', params, search: { tab: each } }),
    })),
    { keys: '[', what: 'Job before of this spider', run: () => go(job.previous) },
    { keys: ']', what: 'Next job of this spider', run: () => go(job.next) },
    { keys: 'r', what: 'Run again', run: () => askToRun({ project, again: job.key }) },
  ]);
  const numbers: Partial<Record<Tab, number>> = {
    items: job.items,
    log: job.logs,
    attempts: job.attempts.length > 1 ? job.attempts.length : 0,
  };
  return (
    <Page
      title={`${isolated(job.spider)} ${shortKey(job.key)}`}
      facts={<JobFacts job={job} project={project} />}
      actions={<JobActions job={job} address={address} />}
    >
      {error !== null && <ErrorPanel error={error} />}
      <JobFigures job={job} address={address} />
      <Tabs label="Parts of the job">
        {TABS.map((each) => (
          <Link
            key={each}
            to="/p/$project/$spider/$job"
            params={params}
            search={{ tab: each, ...(attempt !== undefined && { attempt }) }}
            aria-current={each === tab ? 'page' : undefined}
            replace
          >
            {each[0]?.toUpperCase()}
            {each.slice(1)}
            {numbers[each] ? <span className="dim small">{count(numbers[each])}</span> : null}
          </Link>
        ))}
      </Tabs>
      <Suspense fallback={<Skeleton />}>
        <Content job={job} address={address} attempt={attempt} />
      </Suspense>
    </Page>
  );
}
