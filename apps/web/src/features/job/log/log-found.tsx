import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { readLogs } from '../../../api/jobs.ts';
import { count, percent } from '../../../lib/format.ts';
import { useKeys } from '../../../lib/keys.ts';
import { nothingBefore } from '../../../lib/queries.ts';
import { Pending } from '../../../ui/feedback.tsx';
import { RecordWindow } from '../../../ui/record-window.tsx';
import type { TimeStyle } from './levels.ts';
import { LogLine } from './log-line.tsx';
import { LOG_RESERVE } from './log-whole.tsx';
import type { LogStream } from './stream.ts';

const LINE = 20;
const PAGE = 500;
/** So many found ones are fetched without being asked for. */
const ENOUGH = 1000;

interface LogFoundProps {
  stream: LogStream;
  level: number;
  find: string;
  times: TimeStyle;
  /** Shows the whole log around a record. */
  onWhole: (n: number) => void;
  onOpen: (n: number) => void;
}

/** Records of a level that hold a text. The service searches a part at a time, and the page says how far it is. */
export function LogFound({ stream, level, find, times, onWhole, onOpen }: LogFoundProps) {
  const { queryKey, startedAt } = stream;
  const [at, setAt] = useState<number | null>(null);
  const search = useSearch(stream, level, find);
  const pages = search.data?.pages ?? [];
  const found = pages.flatMap(({ records }) => records);
  const last = pages.at(-1);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = search;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError && found.length < ENOUGH) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage, found.length]);
  const move = (step: number) => {
    if (found.length > 0) setAt(((at ?? (step > 0 ? -1 : 0)) + step + found.length) % found.length);
  };
  useKeys([
    { keys: 'n', what: 'Next found line', run: () => move(1) },
    { keys: 'N', what: 'Found line before', run: () => move(-1) },
  ]);
  if (!last) return <Pending query={search} />;
  const so = last.done ? '' : ` so far, ${percent(last.scannedTo / Math.max(1, last.end))} searched`;
  return (
    <>
      <div className="row" role="status">
        <span>
          {at === null ? '' : `${count(at + 1)} of `}
          {count(found.length)}
          {so}
        </span>
        {hasNextPage && found.length >= ENOUGH && (
          <button type="button" className="button" onClick={() => void fetchNextPage()}>
            Search on
          </button>
        )}
        {at !== null && found[at] && (
          <button type="button" className="button" onClick={() => onWhole(found[at]?.n ?? 0)}>
            Show it among all lines
          </button>
        )}
      </div>
      <RecordWindow
        label="Found lines of the log"
        role="log"
        queryKey={[...queryKey, 'shown', level, find]}
        end={found.length}
        rowHeight={LINE}
        reserve={LOG_RESERVE + 36}
        load={async (from, limit) =>
          found.slice(from, from + limit).map((record, i) => ({ n: from + i, record }))
        }
        current={at}
        onCurrent={setAt}
        onOpen={(n) => onOpen(found[n]?.n ?? 0)}
        render={(_row, n) => {
          const record = found[n];
          return (
            <LogLine
              record={record}
              n={record?.n ?? n}
              times={times}
              startedAt={startedAt}
              before={found[n - 1]?.time ?? null}
              find={find}
            />
          );
        }}
      />
    </>
  );
}

function useSearch({ address, attempt, queryKey }: LogStream, level: number, find: string) {
  return useInfiniteQuery({
    queryKey: [...queryKey, 'found', level, find],
    queryFn: ({ pageParam, signal }) =>
      readLogs(
        {
          params: { ...address },
          query: {
            from: pageParam,
            limit: PAGE,
            ...(level > 0 && { level }),
            ...(find !== '' && { q: find }),
            ...(attempt !== undefined && { attempt }),
          },
        },
        { signal },
      ),
    initialPageParam: 0,
    getNextPageParam: (last) => (last.done ? undefined : last.scannedTo),
    placeholderData: nothingBefore,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
