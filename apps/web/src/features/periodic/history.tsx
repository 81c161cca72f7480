import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type JobRow, listJobs, shortKey } from '../../api/jobs.ts';
import { listScheduleRuns, type Schedule, type ScheduleRun } from '../../api/schedules.ts';
import { plural } from '../../lib/format.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { nothingBefore } from '../../lib/queries.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { Ago } from '../../ui/time.tsx';
import { JobLinks } from './job-links.tsx';
import { Outcome } from './outcome.tsx';
import { Clock } from './preview.tsx';
import { OUTCOMES } from './texts.ts';

const PAGE = 50;
const POLL_MS = 5000;
const STRIP = 60;
/** Jobs whose state is asked for. */
const MAX_KNOWN = 50;

/** Every planned time that has gone by, with its jobs or with the reason why there are none. */
export function History({ project, schedule }: { project: number; schedule: Schedule }) {
  const query = useInfiniteQuery({
    queryKey: ['schedule', project, schedule.id, 'runs'],
    queryFn: ({ signal, pageParam: before }) =>
      listScheduleRuns(
        { params: { project, schedule: schedule.id }, query: { limit: PAGE, ...(before && { before }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ runs }) => (runs.length < PAGE ? null : (runs.at(-1)?.plannedAt ?? null)),
    // What is older does not change: who has scrolled down reads, and does not wait for news.
    refetchInterval: ({ state }) =>
      (state.data?.pages.length ?? 0) > 1 ? false : pollWhileItStirs(project, POLL_MS)(),
    placeholderData: nothingBefore,
  });
  const runs = query.data?.pages.flatMap((page) => page.runs) ?? [];
  const known = useKnown(project, runs);
  return (
    <section className="stack tight" aria-labelledby="history">
      <div className="row">
        <h2 id="history">What became of it</h2>
        {runs.length > 0 && <Strip runs={runs.slice(0, STRIP)} />}
      </div>
      <Pending query={query} rows={4} />
      {query.data && runs.length === 0 && (
        <p className="panel padded dim">No planned time has gone by yet. Each gets a line here.</p>
      )}
      {runs.length > 0 && (
        <DataTable
          label="Planned times"
          rows={runs}
          keyOf={({ plannedAt }) => plannedAt}
          columns={columnsOf(project, schedule.timezone, known)}
          onEnd={query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined}
          foot={query.hasNextPage ? <div className="table-foot">more below</div> : undefined}
          reserve={300}
        />
      )}
    </section>
  );
}

function columnsOf(project: number, zone: string, known: ReadonlyMap<string, JobRow>): Column<ScheduleRun>[] {
  return [
    {
      id: 'planned',
      head: `Planned, in ${zone}`,
      cell: ({ plannedAt }) => <Clock at={Date.parse(plannedAt)} zone={zone} />,
    },
    {
      id: 'ago',
      head: '',
      cell: ({ plannedAt }) => (
        <span className="dim small">
          <Ago at={plannedAt} />
        </span>
      ),
    },
    {
      id: 'outcome',
      head: 'Outcome',
      cell: ({ outcome, reason }) => <Outcome outcome={outcome} reason={reason} />,
    },
    {
      id: 'jobs',
      head: 'Jobs, or why not',
      isWide: true,
      cell: ({ jobs, reason, outcome }) => (
        <span className="row tight" style={{ flexWrap: 'nowrap', gap: 12 }}>
          <JobLinks project={project} jobs={jobs} known={known} />
          {(reason ?? (outcome === 'scheduled' ? null : OUTCOMES[outcome].means)) && (
            <span className="cut" style={{ maxWidth: 520 }} title={reason ?? undefined}>
              {reason ?? OUTCOMES[outcome].means}
            </span>
          )}
        </span>
      ),
    },
  ];
}

/** What became of the newest jobs. */
function useKnown(project: number, runs: readonly ScheduleRun[]): ReadonlyMap<string, JobRow> {
  const keys = runs.flatMap(({ jobs }) => jobs).slice(0, MAX_KNOWN);
  const q = keys.map((key) => `key:${shortKey(key)}`).join(' ');
  const { data } = useQuery({
    queryKey: ['jobs', project, 'of', q],
    queryFn: ({ signal }) => listJobs({ params: { project }, query: { q, limit: MAX_KNOWN } }, { signal }),
    enabled: keys.length > 0,
    refetchInterval: pollWhileItStirs(project, POLL_MS),
    retry: false,
  });
  return new Map(data?.jobs.map((row) => [row.key, row]));
}

/** The last planned times as a line, the newest at the right. */
function Strip({ runs }: { runs: readonly ScheduleRun[] }) {
  const counts = Object.entries(OUTCOMES)
    .map(([outcome, { word }]) => [runs.filter((run) => run.outcome === outcome).length, word] as const)
    .filter(([times]) => times > 0)
    .map(([times, word]) => `${times} ${word}`);
  return (
    <>
      <span className="strip" aria-hidden="true">
        {[...runs].reverse().map(({ plannedAt, outcome, reason }) => (
          <span
            key={plannedAt}
            className={OUTCOMES[outcome].kind}
            title={`${plannedAt} ${OUTCOMES[outcome].word}${reason ? `: ${reason}` : ''}`}
          />
        ))}
      </span>
      <span className="dim small">
        {counts.join(', ')} of the last {plural(runs.length, 'planned time')}
      </span>
    </>
  );
}
