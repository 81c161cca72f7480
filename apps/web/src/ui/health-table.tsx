import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { addressOfKey, shortKey } from '../api/jobs.ts';
import type { Run, SpiderRow } from '../api/spiders.ts';
import { count, duration } from '../lib/format.ts';
import { type Column, DataTable } from './data-table.tsx';
import { wordOf } from './job-state.tsx';
import { StateBadge } from './states.tsx';
import { Tags } from './tags.tsx';
import { Ago } from './time.tsx';

interface HealthTableProps {
  project: number;
  spiders: readonly SpiderRow[];
  reserve: number;
}

/** A row for each spider with its last runs as bars. */
export function HealthTable({ project, spiders, reserve }: HealthTableProps) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const words = text.trim().toLowerCase();
  const rows = spiders.filter(
    ({ name, tags }) => name.toLowerCase().includes(words) || tags.some((tag) => tag.toLowerCase() === words),
  );
  return (
    <div className="stack tight">
      <input
        className="input"
        style={{ width: 280 }}
        type="search"
        aria-label="Filter spiders"
        placeholder="Part of a name, or a tag"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <DataTable
        label="Spiders"
        rows={rows}
        keyOf={({ number }) => String(number)}
        reserve={reserve}
        columns={columnsOf(project)}
        onOpen={({ number }) =>
          void navigate({ to: '/p/$project/spiders/$spider', params: { project, spider: String(number) } })
        }
        foot={rows.length === 0 ? <div className="table-foot">No spider is called like that</div> : undefined}
      />
    </div>
  );
}

function columnsOf(project: number): Column<SpiderRow>[] {
  return [
    {
      id: 'name',
      head: 'Spider',
      sortBy: ({ name }) => name,
      cell: ({ name, number }) => (
        <Link
          to="/p/$project/spiders/$spider"
          params={{ project, spider: String(number) }}
          className="hit strong"
          title={name}
        >
          <span className="cut" style={{ maxWidth: 240 }}>
            {name}
          </span>
        </Link>
      ),
    },
    {
      id: 'last',
      head: 'Last run',
      sortBy: ({ runs }) => runs[0]?.outcome ?? '',
      cell: ({ runs: [last] }) =>
        last ? (
          <StateBadge state={wordOf(last)} title={last.closeReason ?? undefined} />
        ) : (
          <span className="dim">never</span>
        ),
    },
    { id: 'runs', head: 'Last 30 runs', cell: (spider) => <RunBars project={project} spider={spider} /> },
    {
      id: 'items',
      head: 'Items',
      isNumber: true,
      sortBy: ({ runs }) => lastOver(runs)?.items ?? -1,
      cell: ({ runs }) => count(lastOver(runs)?.items),
    },
    {
      id: 'usual',
      head: 'Usual',
      isNumber: true,
      sortBy: ({ usualItems }) => usualItems?.median ?? -1,
      cell: ({ usualItems }) => (
        <span className="dim">{usualItems ? count(Math.round(usualItems.median)) : '–'}</span>
      ),
    },
    {
      id: 'errors',
      head: 'Errors',
      isNumber: true,
      sortBy: ({ runs }) => lastOver(runs)?.errors ?? -1,
      cell: ({ runs }) => {
        const errors = lastOver(runs)?.errors;
        return <span className={errors ? 'bad' : 'dim'}>{count(errors)}</span>;
      },
    },
    {
      id: 'active',
      head: 'Now',
      sortBy: ({ running, pending }) => running * 1000 + pending,
      cell: ({ running, pending }) =>
        [running > 0 && `${running} running`, pending > 0 && `${pending} pending`].filter(Boolean).join(', '),
    },
    {
      id: 'when',
      head: 'When',
      isNumber: true,
      sortBy: ({ runs }) => runs[0]?.at ?? '',
      cell: ({ runs }) => <Ago at={runs[0]?.at} />,
    },
    { id: 'tags', head: 'Tags', isWide: true, cell: ({ tags }) => <Tags tags={tags} /> },
  ];
}

const lastOver = (runs: readonly Run[]) => runs.find(({ state }) => state === 'finished');

const BAR = 5;
const GAP = 1;
const HEIGHT = 22;
const LEAST = 3;
const MAX_BARS = 30;

/** Height: items against what is usual; colour: how it ended. The newest at the right. */
function RunBars({ project, spider }: { project: number; spider: SpiderRow }) {
  const runs = spider.runs.slice(0, MAX_BARS).reverse();
  if (runs.length === 0) return null;
  const most = Math.max(
    spider.usualItems ? spider.usualItems.median * 1.3 : 0,
    ...runs.map(({ items }) => items),
    1,
  );
  const bad = runs.filter((run) => wordOf(run) === 'failed').length;
  return (
    <svg
      width={MAX_BARS * (BAR + GAP)}
      height={HEIGHT}
      role="img"
      aria-label={`${runs.length} runs, ${bad} failed`}
      className="bars"
    >
      {runs.map((run, i) => {
        const height = Math.max(LEAST, (run.items / most) * HEIGHT);
        return (
          <RunBar
            key={run.key}
            run={run}
            project={project}
            x={(MAX_BARS - runs.length + i) * (BAR + GAP)}
            height={height}
          />
        );
      })}
    </svg>
  );
}

interface RunBarProps {
  run: Run;
  project: number;
  x: number;
  height: number;
}

function RunBar({ run, project, x, height }: RunBarProps) {
  const navigate = useNavigate();
  const { spider, job } = addressOfKey(run.key);
  const word = wordOf(run);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the spider's page has the same as links
    <rect
      x={x}
      y={HEIGHT - height}
      width={BAR}
      height={height}
      rx={1}
      className={`bar-${word}`}
      onClick={() =>
        void navigate({ to: '/p/$project/$spider/$job', params: { project, spider: String(spider), job } })
      }
    >
      <title>{`${shortKey(run.key)} ${word}: ${count(run.items)} items, ${count(run.errors)} errors, ${duration(run.seconds === null ? null : run.seconds * 1000)}`}</title>
    </rect>
  );
}
