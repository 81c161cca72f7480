import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import type { Schedule } from '../../api/schedules.ts';
import { plural } from '../../lib/format.ts';
import { useKeys } from '../../lib/keys.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { columnsOf } from './columns.tsx';
import { DayAhead } from './day-ahead.tsx';
import { NoSchedules } from './no-schedules.tsx';
import { schedulesQuery, useScheduleActs } from './queries.ts';
import { SHOWN, type Shown } from './search.ts';
import { isShown } from './shown.ts';

const route = getRouteApi('/inside/p/$project/periodic/');

/** All that a project runs at planned times. */
export default function PeriodicPage() {
  const { project } = route.useParams();
  const { q = '', show = 'all' } = route.useSearch();
  const navigate = useNavigate();
  const refusal = mayNot(useProject(project)?.role, 'develop');
  const query = useQuery(schedulesQuery(project));
  const { pausing, running } = useScheduleActs(project);
  const create = () => navigate({ to: '/p/$project/periodic/new', params: { project } });
  useKeys([{ keys: 'n', what: 'New periodic job', run: () => void create() }]);
  const list = query.data?.schedules;
  const shown = list?.filter((schedule) => isShown(schedule, show, q));
  const find = (search: { q?: string | undefined; show?: Shown | undefined }) =>
    void navigate({ to: '/p/$project/periodic', params: { project }, search, replace: true });
  return (
    <Page
      title="Periodic jobs"
      actions={
        <button
          type="button"
          className="button primary"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => void create()}
        >
          <Plus size={14} /> New periodic job
        </button>
      }
    >
      <Pending query={query} />
      {list?.length === 0 && <NoSchedules project={project} />}
      {list && shown && list.length > 0 && (
        <>
          <Finder list={list} q={q} show={show} onFind={find} />
          {shown.length > 0 ? (
            <DataTable
              label="Periodic jobs"
              rows={shown}
              keyOf={({ id }) => String(id)}
              columns={columnsOf({ project, refusal, pause: pausing.mutate, run: running.mutate })}
              onOpen={({ id }) =>
                void navigate({
                  to: '/p/$project/periodic/$schedule',
                  params: { project, schedule: id },
                })
              }
              classOf={({ disabled }) => (disabled ? 'left' : undefined)}
              reserve={240}
            />
          ) : (
            <Empty title="Nothing matches">
              <p>
                <Link to="/p/$project/periodic" params={{ project }}>
                  {plural(list.length, 'periodic job')} without this filter
                </Link>
              </p>
            </Empty>
          )}
          <DayAhead project={project} schedules={shown} />
        </>
      )}
    </Page>
  );
}

interface FinderProps {
  list: readonly Schedule[];
  q: string;
  show: Shown;
  onFind: (search: { q?: string | undefined; show?: Shown | undefined }) => void;
}

function Finder({ list, q, show, onFind }: FinderProps) {
  return (
    <div className="filter">
      <input
        className="input"
        type="search"
        aria-label="Filter periodic jobs"
        placeholder="Spider, tag, expression, description"
        value={q}
        onChange={(event) =>
          onFind({ q: event.target.value || undefined, show: show === 'all' ? undefined : show })
        }
      />
      <fieldset className="chips plain" aria-label="Which">
        {SHOWN.map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={each === show}
            onClick={() => onFind({ q: q || undefined, show: each === 'all' ? undefined : each })}
          >
            {each}{' '}
            <span className="count">{list.filter((schedule) => isShown(schedule, each, '')).length}</span>
          </button>
        ))}
      </fieldset>
    </div>
  );
}
