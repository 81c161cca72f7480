import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JobPage } from '../../api/jobs.ts';
import { listSpiders } from '../../api/spiders.ts';
import { tokensOf } from '../../lib/filter-text.ts';
import { count } from '../../lib/format.ts';
import { askToRun } from '../../lib/run-request.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { Empty } from '../../ui/feedback.tsx';

/** A project in which nothing has run yet: how to make the first job. */
export function NoJobs({ project }: { project: number }) {
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  const { origin } = location;
  const first = spiders.data?.spiders[0]?.name;
  if (first === undefined) {
    return (
      <Empty title="Nothing has run here yet">
        <p>
          First the spiders: deploy a Scrapy project from its folder, with an API key of yours, or drop an egg
          on{' '}
          <Link to="/p/$project/code" params={{ project }}>
            Code
          </Link>
          .
        </p>
        <CommandLine
          text={`pip install shub\nshub login  # or ~/.scrapinghub.yml: endpoints: {default: "${origin}/api/"}, apikeys: {default: APIKEY}\nshub deploy ${project}`}
        />
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has run here yet">
      <p>Run a spider from here, or from a script:</p>
      <div>
        <button type="button" className="button primary" onClick={() => askToRun({ project, spider: first })}>
          Run {first}
        </button>
      </div>
      <CommandLine
        text={`curl -u APIKEY: ${origin}/api/schedule.json -d project=${project} -d spider=${first}`}
      />
    </Empty>
  );
}

interface NothingMatchesProps {
  q: string;
  counts: JobPage['counts'];
  onFilter: (q: string) => void;
}

/** What to leave out of the filter. */
export function NothingMatches({ q, counts, onFilter }: NothingMatchesProps) {
  const tokens = tokensOf(q);
  const all = counts ? counts.pending + counts.running + counts.finished : null;
  return (
    <Empty title="Nothing matches">
      <p>{all === null ? 'There are other jobs' : `${count(all)} jobs are here`}. Look without</p>
      <div className="row">
        {tokens.map((token) => (
          <button
            key={token}
            type="button"
            className="button"
            onClick={() => onFilter(tokens.filter((each) => each !== token).join(' '))}
          >
            <code>{token}</code>
          </button>
        ))}
        <button type="button" className="button" onClick={() => onFilter('')}>
          any filter
        </button>
      </div>
    </Empty>
  );
}
