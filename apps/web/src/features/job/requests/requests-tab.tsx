import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { type RequestRecord, readRequests } from '../../../api/jobs.ts';
import { bytes, clockTime, count, percent } from '../../../lib/format.ts';
import { useWhileItComesOn } from '../../../lib/live/follow.ts';
import { usePollWithoutStream } from '../../../lib/live/liveness.ts';
import { preferences } from '../../../lib/preferences.ts';
import { DataTable } from '../../../ui/data-table.tsx';
import { Empty, Pending } from '../../../ui/feedback.tsx';
import type { TabProps } from '../job-page.tsx';

const PAGE = 300;
const EVERY_MS = 3000;
const FAMILIES = ['2xx', '3xx', '4xx', '5xx'];

/** What it asked of the web, in the order of the answers. */
export default function RequestsTab({ job, address, attempt }: TabProps) {
  const [status, setStatus] = useState('');
  const [text, setText] = useState('');
  const [q, setQ] = useState('');
  const found = useRequests({ job, address, attempt }, status, q);
  const pages = found.data?.pages ?? [];
  const rows = pages.flatMap(({ requests }) => requests);
  const last = pages.at(-1);
  if (!last) return <Pending query={found} />;
  if (last.end === 0) {
    return (
      <Empty title="No requests">
        <p>Each request that got an answer stands here.</p>
      </Empty>
    );
  }
  return (
    <div className="stack tight">
      <div className="row">
        <div className="chips">
          <button type="button" className="chip" aria-pressed={status === ''} onClick={() => setStatus('')}>
            All <span className="count">{count(last.end)}</span>
          </button>
          {FAMILIES.map((family) => (
            <button
              key={family}
              type="button"
              className="chip"
              aria-pressed={status === family}
              onClick={() => setStatus(family)}
            >
              {family}
            </button>
          ))}
        </div>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setQ(text);
          }}
        >
          <input
            className="input"
            style={{ width: 260 }}
            type="search"
            aria-label="Part of an address"
            placeholder="Part of an address, Enter"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </form>
        <span className="dim" role="status">
          {count(rows.length)}
          {!last.done && ` so far, ${percent(last.scannedTo / Math.max(1, last.end))} searched`}
        </span>
      </div>
      <DataTable<RequestRecord>
        label="Requests"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ n }) => String(n)}
        reserve={350}
        onEnd={found.hasNextPage && !found.isFetching ? () => void found.fetchNextPage() : undefined}
      />
    </div>
  );
}

const COLUMNS = [
  { id: 'n', head: '#', isNumber: true, cell: ({ n }: RequestRecord) => n },
  {
    id: 'time',
    head: 'Time',
    cell: ({ time }: RequestRecord) => (time === null ? '–' : clockTime(time, preferences().zone)),
  },
  { id: 'method', head: 'Method', cell: ({ method }: RequestRecord) => method },
  {
    id: 'status',
    head: 'Status',
    isNumber: true,
    cell: ({ status }: RequestRecord) => (
      <span className={status !== null && status >= 400 ? 'bad' : undefined}>{status ?? '–'}</span>
    ),
  },
  {
    id: 'url',
    head: 'Address',
    isWide: true,
    cell: ({ url }: RequestRecord) => (
      <span className="mono cut" style={{ display: 'block', maxWidth: 640 }} title={url}>
        {url}
      </span>
    ),
  },
  { id: 'ms', head: 'ms', isNumber: true, cell: ({ duration }: RequestRecord) => count(duration) },
  { id: 'size', head: 'Size', isNumber: true, cell: ({ size }: RequestRecord) => bytes(size) },
  { id: 'parent', head: 'From', isNumber: true, cell: ({ parent }: RequestRecord) => parent ?? '–' },
];

/** All pages are read anew together: who has read many is not made to again and again. */
const isShort = (data: { pages: unknown[] } | undefined) => (data?.pages.length ?? 0) < 2;

function useRequests({ job, address, attempt }: TabProps, status: string, q: string) {
  const poll = usePollWithoutStream(EVERY_MS);
  const found = useInfiniteQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'requests', attempt, status, q],
    queryFn: ({ pageParam, signal }) =>
      readRequests(
        {
          params: { ...address },
          query: {
            from: pageParam,
            limit: PAGE,
            ...(status !== '' && { status }),
            ...(q !== '' && { q }),
            ...(attempt !== undefined && { attempt }),
          },
        },
        { signal },
      ),
    initialPageParam: 0,
    getNextPageParam: (last) => (last.done ? undefined : last.scannedTo),
    refetchInterval: ({ state }) => (job.state === 'running' && isShort(state.data) ? poll : false),
  });
  const { data, refetch } = found;
  const isFew = isShort(data);
  const again = useCallback(() => {
    if (isFew) void refetch();
  }, [isFew, refetch]);
  useWhileItComesOn(job.key, again, EVERY_MS);
  return found;
}
