import { Link } from '@tanstack/react-router';
import { addressOfKey, type JobRow, shortKey } from '../../api/jobs.ts';
import { count, duration } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import type { Column } from '../../ui/data-table.tsx';
import { JobState, Usual } from '../../ui/job-state.tsx';
import { Tags } from '../../ui/tags.tsx';
import { Ago, Lasting } from '../../ui/time.tsx';

const WORDS = ['lowest', 'low', 'normal', 'high', 'highest'];

/** State, then identity, then numbers, then time, then tags. */
export const COLUMNS: readonly Column<JobRow>[] = [
  { id: 'state', head: 'State', cell: (job) => <JobState job={job} /> },
  {
    id: 'job',
    head: 'Job',
    cell: ({ key }) => {
      const { project, spider, job } = addressOfKey(key);
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
    id: 'spider',
    head: 'Spider',
    cell: ({ spider }) => (
      <span className="cut" style={{ display: 'block', maxWidth: 220 }} title={spider}>
        {spider}
      </span>
    ),
  },
  {
    id: 'items',
    head: 'Items',
    isNumber: true,
    cell: ({ items, usualItems, state }) => (
      <Usual value={items} band={usualItems} isOver={state === 'finished'} />
    ),
  },
  { id: 'pages', head: 'Pages', isNumber: true, cell: ({ pages }) => count(pages) },
  {
    id: 'errors',
    head: 'Errors',
    isNumber: true,
    cell: ({ errors }) =>
      errors > 0 ? <span className="bad">{count(errors)}</span> : <span className="dim">0</span>,
  },
  {
    id: 'time',
    head: 'Run time',
    isNumber: true,
    cell: ({ runningAt, finishedAt, state }) =>
      state === 'pending' ? <span className="dim">–</span> : <Lasting from={runningAt} to={finishedAt} />,
  },
  { id: 'since', head: 'Since', isNumber: true, cell: ({ stateSince }) => <Ago at={stateSince} /> },
  { id: 'tags', head: 'Tags', isWide: true, cell: ({ tags }) => <Tags tags={tags} /> },
  {
    id: 'arguments',
    head: 'Arguments',
    cell: ({ args }) => {
      const text = args.map(({ name, value }) => `${isolated(name)}=${isolated(value)}`).join(' ');
      return (
        <span className="mono cut" style={{ display: 'block', maxWidth: 260 }} title={text}>
          {text}
        </span>
      );
    },
  },
  { id: 'version', head: 'Version', cell: ({ version }) => version ?? <span className="dim">–</span> },
  { id: 'priority', head: 'Priority', cell: ({ priority }) => WORDS[priority] ?? priority },
  { id: 'attempt', head: 'Attempt', isNumber: true, cell: ({ attempt }) => count(attempt) },
  { id: 'logs', head: 'Log lines', isNumber: true, cell: ({ logs }) => count(logs) },
  { id: 'by', head: 'By', cell: ({ scheduledBy }) => scheduledBy ?? <span className="dim">–</span> },
  {
    id: 'waited',
    head: 'Waited',
    isNumber: true,
    cell: ({ pendingAt, runningAt }) =>
      pendingAt && runningAt ? duration(Date.parse(runningAt) - Date.parse(pendingAt)) : '–',
  },
];

/** Shown until somebody chooses others. */
export const USUAL_COLUMNS: readonly string[] = COLUMNS.slice(0, 9).map(({ id }) => id);
