import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { addressOfKey, shortKey } from '../../api/jobs.ts';
import { type Run, readSpider, type Spider, tagSpider } from '../../api/spiders.ts';
import { count, duration } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import { useKeys } from '../../lib/keys.ts';
import { usePollWithoutStream } from '../../lib/live/liveness.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { nothingBefore } from '../../lib/queries.ts';
import { askToRun } from '../../lib/run-request.ts';
import { whole } from '../../lib/whole.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { wordOf } from '../../ui/job-state.tsx';
import { Page } from '../../ui/page.tsx';
import { StateBadge } from '../../ui/states.tsx';
import { EditableTags } from '../../ui/tags.tsx';
import { Ago } from '../../ui/time.tsx';
import { toastError } from '../../ui/toasts.tsx';
import { RunsChart } from './runs-chart.tsx';
import { SpiderSettings } from './spider-settings.tsx';
import { useSpiderNumber } from './use-spider-number.ts';

const route = getRouteApi('/inside/p/$project/spiders/$spider');
const POLL_MS = 5000;

/** One spider: how its runs went, what the next one gets. */
export default function SpiderPage() {
  const { project, spider: text } = route.useParams();
  const number = useSpiderNumber(project, text);
  const spider = useQuery({
    queryKey: ['spider', project, number],
    queryFn: () => readSpider({ params: { project, spider: number ?? 0 } }),
    enabled: number !== undefined,
    refetchInterval: usePollWithoutStream(POLL_MS),
    placeholderData: nothingBefore,
  });
  if (spider.data) return <Known project={project} spider={spider.data} />;
  return (
    <Page title={whole(text) === null ? text : `Spider ${text}`}>
      {number === null ? <p>There is no spider of this name.</p> : <Pending query={spider} />}
    </Page>
  );
}

function Known({ project, spider }: { project: number; spider: Spider }) {
  const role = useProject(project)?.role;
  const client = useQueryClient();
  const refusal = mayNot(role, 'run');
  const run = () => askToRun({ project, spider: spider.name });
  useKeys([{ keys: 'r', what: 'Run this spider', run }]);
  const tagging = useMutation({
    mutationFn: (body: { add?: string[]; remove?: string[] }) =>
      tagSpider({ params: { project, spider: spider.number }, body }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['spider', project, spider.number] }),
    onError: toastError,
  });
  return (
    <Page
      title={spider.name}
      facts={
        <div className="row">
          <span className="dim">number {spider.number}</span>
          {spider.running > 0 && <span className="state running">{spider.running} running</span>}
          {spider.pending > 0 && <span className="dim">{spider.pending} pending</span>}
        </div>
      }
      actions={
        <>
          <Link
            to="/p/$project/jobs"
            params={{ project }}
            search={{ q: `spider:${spider.name}` }}
            className="button"
          >
            All its jobs
          </Link>
          <Link
            to="/p/$project/periodic/new"
            params={{ project }}
            search={{ spider: spider.name }}
            className="button"
          >
            Plan it
          </Link>
          <button
            type="button"
            className="button primary"
            disabled={refusal !== null}
            title={refusal ?? 'r'}
            onClick={run}
          >
            <Play size={14} /> Run
          </button>
        </>
      }
    >
      <EditableTags
        tags={spider.tags}
        refusal={mayNot(role, 'develop')}
        onAdd={(tag) => tagging.mutate({ add: [tag] })}
        onRemove={(tag) => tagging.mutate({ remove: [tag] })}
      />
      <Figures spider={spider} />
      {spider.runs.length > 1 && (
        <RunsChart project={project} runs={spider.runs} usual={spider.usual.items} />
      )}
      <section className="stack tight">
        <h2>Last runs</h2>
        <DataTable<Run>
          label="Last runs"
          rows={spider.runs}
          keyOf={({ key }) => key}
          columns={columnsOf(project)}
          reserve={460}
        />
      </section>
      <div className="columns">
        <SpiderSettings project={project} spider={spider.number} />
        <Provenance spider={spider} project={project} />
      </div>
    </Page>
  );
}

function Figures({ spider: { usual } }: { spider: Spider }) {
  const list: [string, string][] = [
    ['items', count(usual.items && Math.round(usual.items.median))],
    ['pages', count(usual.pages && Math.round(usual.pages.median))],
    ['errors', count(usual.errors && Math.round(usual.errors.median))],
    ['run time', duration(usual.seconds && usual.seconds.median * 1000)],
  ];
  return (
    <div className="figures">
      {list.map(([name, value]) => (
        <div key={name} className="figure">
          <span className="value">{value}</span>
          <span className="name">usual {name}</span>
        </div>
      ))}
    </div>
  );
}

function columnsOf(project: number): Column<Run>[] {
  return [
    {
      id: 'state',
      head: 'State',
      cell: (run) => <StateBadge state={wordOf(run)} title={run.closeReason ?? undefined} />,
    },
    {
      id: 'job',
      head: 'Job',
      cell: ({ key }) => {
        const { spider, job } = addressOfKey(key);
        return (
          <Link
            to="/p/$project/$spider/$job"
            params={{ project, spider: String(spider), job }}
            className="hit mono"
          >
            {shortKey(key)}
          </Link>
        );
      },
    },
    {
      id: 'items',
      head: 'Items',
      isNumber: true,
      sortBy: ({ items }) => items,
      cell: ({ items }) => count(items),
    },
    {
      id: 'pages',
      head: 'Pages',
      isNumber: true,
      sortBy: ({ pages }) => pages,
      cell: ({ pages }) => count(pages),
    },
    {
      id: 'errors',
      head: 'Errors',
      isNumber: true,
      sortBy: ({ errors }) => errors,
      cell: ({ errors }) => <span className={errors > 0 ? 'bad' : 'dim'}>{count(errors)}</span>,
    },
    {
      id: 'time',
      head: 'Run time',
      isNumber: true,
      sortBy: ({ seconds }) => seconds ?? 0,
      cell: ({ seconds }) => duration(seconds === null ? null : seconds * 1000),
    },
    { id: 'version', head: 'Version', cell: ({ version }) => version ?? '–' },
    { id: 'reason', head: 'Ended with', isWide: true, cell: ({ closeReason }) => closeReason },
    { id: 'at', head: 'Since', isNumber: true, cell: ({ at }) => <Ago at={at} /> },
  ];
}

function Provenance({ spider, project }: { spider: Spider; project: number }) {
  return (
    <section className="panel">
      <div className="title">
        <h2>Arguments and versions</h2>
      </div>
      <div className="content stack">
        {spider.args.length === 0 && <p className="dim">Its last runs had no arguments.</p>}
        <dl className="facts">
          {spider.args.map(({ name, values }) => (
            <div key={name} className="fact">
              <dt className="mono">{name}</dt>
              <dd className="mono">{values.map(isolated).join(', ')}</dd>
            </div>
          ))}
        </dl>
        <p className="anywhere">
          {spider.versions.length > 0 ? (
            <>
              In version {spider.versions.slice(0, 5).map(isolated).join(', ')}
              {spider.versions.length > 5 && ` and ${spider.versions.length - 5} more`}
            </>
          ) : (
            'No version that is deployed has it'
          )}
          {': '}
          <Link to="/p/$project/code" params={{ project }}>
            Code
          </Link>
        </p>
      </div>
    </section>
  );
}
