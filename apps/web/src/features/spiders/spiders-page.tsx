import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { readHealth } from '../../api/spiders.ts';
import { usePollWithoutStream } from '../../lib/live/liveness.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { HealthTable } from '../../ui/health-table.tsx';
import { Page } from '../../ui/page.tsx';

const route = getRouteApi('/inside/p/$project/spiders/');
const POLL_MS = 10_000;
const RUNS = 30;

export default function SpidersPage() {
  const { project } = route.useParams();
  const health = useQuery({
    queryKey: ['health', project],
    queryFn: ({ signal }) => readHealth({ params: { project }, query: { runs: RUNS } }, { signal }),
    refetchInterval: usePollWithoutStream(POLL_MS),
  });
  const spiders = health.data?.spiders;
  return (
    <Page title="Spiders">
      <Pending query={health} />
      {spiders?.length === 0 && (
        <Empty title="No spiders yet">
          <p>Deploy a Scrapy project from its folder, or drop an egg on Code:</p>
          <CommandLine
            text={`# ~/.scrapinghub.yml: endpoints: {default: "${location.origin}/api/"}, apikeys: {default: APIKEY}\nshub deploy ${project}`}
          />
        </Empty>
      )}
      {spiders && spiders.length > 0 && <HealthTable project={project} spiders={spiders} reserve={190} />}
    </Page>
  );
}
