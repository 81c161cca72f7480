import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Columns3, Play } from 'lucide-react';
import { useCallback, useState } from 'react';
import { addressOfKey, type JobRow } from '../../api/jobs.ts';
import { plural } from '../../lib/format.ts';
import { useKeys } from '../../lib/keys.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { askToRun } from '../../lib/run-request.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { At } from '../../ui/time.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { COLUMNS } from './columns.tsx';
import { ColumnsMenu, useColumns } from './columns-menu.tsx';
import { FilterBar } from './filter-bar.tsx';
import { NoJobs, NothingMatches } from './no-jobs.tsx';
import { useJobList } from './use-job-list.ts';
import { ViewsMenu } from './views-menu.tsx';

const route = getRouteApi('/inside/p/$project/jobs');
const NONE: ReadonlySet<string> = new Set();

export default function JobsPage() {
  const { project } = route.useParams();
  const { q = '' } = route.useSearch();
  const navigate = useNavigate();
  const [selected, select] = useState(NONE);
  const [isAll, setAll] = useState(false);
  const [columns, setColumns] = useColumns();
  const list = useJobList(project, q, selected.size === 0);
  const { counts, matching } = list.first.data ?? {};
  const setFilter = useCallback(
    (next: string) => {
      select(NONE);
      setAll(false);
      void navigate({
        to: '/p/$project/jobs',
        params: { project },
        search: next === '' ? {} : { q: next },
        replace: true,
      });
    },
    [navigate, project],
  );
  function clear() {
    select(NONE);
    setAll(false);
  }
  const open = ({ key }: JobRow) => void navigate(placeOf(key));
  useKeys([{ keys: 'Escape', what: 'Select nothing', run: clear }]);
  const isEmpty = list.first.data?.jobs.length === 0 && !list.isOld && list.rows.length === 0;
  return (
    <Page
      title="Jobs"
      actions={
        <>
          <ViewsMenu project={project} q={q} onOpen={setFilter} />
          <ColumnsMenu columns={columns} onChange={setColumns} icon={<Columns3 size={14} />} />
          <RunButton project={project} />
        </>
      }
    >
      <FilterBar q={q} onChange={setFilter} counts={counts} problem={list.refused} />
      <Above list={list} isEmpty={isEmpty} />
      {isEmpty && q === '' && <NoJobs project={project} />}
      {isEmpty && q !== '' && <NothingMatches q={q} counts={counts ?? null} onFilter={setFilter} />}
      {list.rows.length > 0 && (
        <DataTable
          label="Jobs"
          columns={COLUMNS.filter(({ id }) => columns.includes(id))}
          rows={list.rows}
          keyOf={({ key }) => key}
          onOpen={open}
          selection={{
            keys: selected,
            onChange: (keys) => {
              select(keys);
              setAll(false);
            },
          }}
          isOld={list.isOld}
          classOf={({ key }) => (list.left.has(key) ? 'left' : undefined)}
          onEnd={list.hasMore && !list.isLoading && !list.laterError ? () => void list.more() : undefined}
          reserve={selected.size > 0 ? 280 : 220}
          foot={<Foot list={list} />}
        />
      )}
      {selected.size > 0 && (
        <BulkBar
          project={project}
          keys={selected}
          isAll={isAll}
          q={q}
          matching={matching ?? null}
          onAll={() => setAll(true)}
          onClear={clear}
        />
      )}
    </Page>
  );
}

function placeOf(key: string) {
  const { project, spider, job } = addressOfKey(key);
  return { to: '/p/$project/$spider/$job', params: { project, spider: String(spider), job } } as const;
}

function RunButton({ project }: { project: number }) {
  const refusal = mayNot(useProject(project)?.role, 'run');
  return (
    <button
      type="button"
      className="button primary"
      disabled={refusal !== null}
      title={refusal ?? 'r'}
      onClick={() => askToRun({ project })}
    >
      <Play size={14} /> Run a spider
    </button>
  );
}

interface AboveProps {
  list: ReturnType<typeof useJobList>;
  isEmpty: boolean;
}

/** What there is to say before the rows: that they come, that they do not, that there are new ones. */
function Above({ list: { first, rows, news, refused, showNews }, isEmpty }: AboveProps) {
  if (refused !== null) return null;
  return (
    <>
      {rows.length === 0 && !isEmpty && <Pending query={first} />}
      {first.error && rows.length > 0 && (
        <ErrorPanel error={first.error} retry={() => void first.refetch()} />
      )}
      {news > 0 && (
        <button type="button" className="button" onClick={showNews}>
          {plural(news, 'new job')}, show
        </button>
      )}
    </>
  );
}

function Foot({ list }: { list: ReturnType<typeof useJobList> }) {
  if (list.laterError) return <ErrorPanel error={list.laterError} retry={() => void list.more()} />;
  if (list.isFull) return <div className="table-foot">1,000 jobs are shown: a filter finds the others</div>;
  if (!list.hasMore) return null;
  return (
    <div className="table-foot">
      {list.searchedTo && (
        <span>
          searched back to <At at={list.searchedTo} />
        </span>
      )}
      <button type="button" className="button" disabled={list.isLoading} onClick={() => void list.more()}>
        {list.isLoading ? 'Loading …' : 'Older jobs'}
      </button>
    </div>
  );
}
