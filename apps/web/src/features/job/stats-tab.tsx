import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { readStats, shortKey } from '../../api/jobs.ts';
import { percent } from '../../lib/format.ts';
import { useWhileItComesOn } from '../../lib/live/follow.ts';
import { usePollWithoutStream } from '../../lib/live/liveness.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { RawValue } from '../../ui/json-tree.tsx';
import type { TabProps } from './job-page.tsx';

const EVERY_MS = 5000;

interface Stat {
  name: string;
  value: string | null;
  before: string | null;
}

/** Scrapy's stats, beside those of the last good run. */
export default function StatsTab({ job, address }: TabProps) {
  const [text, setText] = useState('');
  const poll = usePollWithoutStream(EVERY_MS);
  const stats = useQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'stats'],
    queryFn: () => readStats({ params: { ...address } }),
    refetchInterval: job.state === 'running' ? poll : false,
  });
  useWhileItComesOn(job.key, stats.refetch, EVERY_MS);
  if (!stats.data) return <Pending query={stats} />;
  const { beside } = stats.data;
  if (stats.data.stats.length === 0) {
    return (
      <Empty title="No stats yet">
        <p>Scrapy tells them when a crawl ends.</p>
      </Empty>
    );
  }
  const rows = stats.data.stats.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  const value = (each: string | null) =>
    each === null ? <span className="dim">–</span> : <RawValue text={each} />;
  return (
    <div className="stack tight">
      <div className="row">
        <input
          className="input"
          style={{ width: 280 }}
          aria-label="Filter stats"
          placeholder="downloader/"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <span className="dim">
          {beside ? `beside the last good run, ${shortKey(beside)}` : 'no good run before it'}
        </span>
      </div>
      <DataTable<Stat>
        label="Stats"
        rows={rows}
        keyOf={({ name }) => name}
        reserve={340}
        columns={[
          {
            id: 'name',
            head: 'Name',
            sortBy: ({ name }) => name,
            cell: ({ name }) => <span className="mono">{name}</span>,
          },
          { id: 'value', head: 'This run', isNumber: true, cell: (row) => value(row.value) },
          { id: 'before', head: 'Last good', isNumber: true, cell: (row) => value(row.before) },
          {
            id: 'change',
            head: 'Change',
            isNumber: true,
            sortBy: (row) => changeOf(row) ?? 0,
            cell: (row) => <Change change={changeOf(row)} />,
          },
          { id: 'rest', head: '', isWide: true, cell: () => null },
        ]}
      />
    </div>
  );
}

function changeOf({ value, before }: Stat): number | null {
  const [now, then] = [Number(value), Number(before)];
  if (value === null || before === null || !Number.isFinite(now) || !Number.isFinite(then) || then === 0)
    return null;
  return now / then - 1;
}

const MUCH = 0.4;

function Change({ change }: { change: number | null }) {
  if (change === null || change === 0) return <span className="dim">–</span>;
  const sign = change > 0 ? '+' : '−';
  return (
    <span className={Math.abs(change) > MUCH ? 'warned' : undefined}>
      {sign}
      {percent(Math.abs(change))}
    </span>
  );
}
