import { useInfiniteQuery } from '@tanstack/react-query';
import { type Firing, listRuleFirings } from '../../api/rules.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { nothingBefore } from '../../lib/queries.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { FiringBadge } from '../../ui/firing.tsx';
import { JobLink } from '../../ui/job-link.tsx';
import { Ago } from '../../ui/time.tsx';

const PAGE = 50;
const POLL_MS = 5000;

/** What a rule did, the newest first. */
export function Firings({ project, rule }: { project: number; rule: number }) {
  const query = useInfiniteQuery({
    queryKey: ['rule', project, rule, 'firings'],
    queryFn: ({ signal, pageParam: before }) =>
      listRuleFirings(
        { params: { project, rule }, query: { limit: PAGE, ...(before && { before }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ firings }) => (firings.length < PAGE ? null : (firings.at(-1)?.at ?? null)),
    // What is older does not change: who has scrolled down reads, and does not wait for news.
    refetchInterval: ({ state }) =>
      (state.data?.pages.length ?? 0) > 1 ? false : pollWhileItStirs(project, POLL_MS)(),
    placeholderData: nothingBefore,
  });
  const rows = query.data?.pages.flatMap(({ firings }) => firings) ?? [];
  return (
    <section className="stack tight" aria-labelledby="did">
      <h2 id="did">What it did</h2>
      <Pending query={query} rows={4} />
      {query.data && rows.length === 0 && (
        <p className="panel padded dim">No job has ended so since it is there.</p>
      )}
      {rows.length > 0 && (
        <DataTable
          label="What it did"
          rows={rows}
          keyOf={({ event }) => event}
          columns={columnsOf(project)}
          onEnd={query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined}
          foot={query.hasNextPage ? <div className="table-foot">more below</div> : undefined}
          reserve={280}
        />
      )}
    </section>
  );
}

function columnsOf(project: number): Column<Firing>[] {
  const link = (key: string | null) =>
    key === null ? <span className="dim">–</span> : <JobLink project={project} jobKey={key} />;
  return [
    { id: 'at', head: 'When', cell: ({ at }) => <Ago at={at} /> },
    { id: 'source', head: 'Because of', cell: ({ source }) => link(source) },
    { id: 'outcome', head: 'What followed', cell: (firing) => <FiringBadge firing={firing} /> },
    { id: 'job', head: 'Job', cell: ({ job }) => link(job) },
    {
      id: 'reason',
      head: 'Why',
      isWide: true,
      cell: ({ reason }) => (
        <span className="cut" style={{ maxWidth: 520, display: 'inline-block' }} title={reason ?? undefined}>
          {reason}
        </span>
      ),
    },
  ];
}
