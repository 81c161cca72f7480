import { useQueries, useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { contentHeight, scrollTopFor, seenRows } from '../lib/window-scroll.ts';

interface RecordWindowProps<T extends { n: number }> {
  /** What it shows, for who does not see it. */
  label: string;
  role?: 'log';
  /** Names the stream in the cache. */
  queryKey: readonly unknown[];
  /** How many records there are now. */
  end: number;
  rowHeight: number;
  /** Reads some records. */
  load: (from: number, limit: number, signal: AbortSignal) => Promise<readonly T[]>;
  render: (record: T | undefined, n: number, isCurrent: boolean) => ReactNode;
  head?: ReactNode;
  /** The record that the keys are on. */
  current: number | null;
  onCurrent: (n: number) => void;
  onOpen?: ((n: number) => void) | undefined;
  /** The end stays in sight while it grows. */
  follows?: boolean;
  onFollow?: (follows: boolean) => void;
  /** Height that the page needs for everything else, px. */
  reserve: number;
}

const CHUNK = 200;
/** How long records are kept that were scrolled past, ms. */
const KEPT_MS = 20_000;
/** So near to the end counts as being there, px. */
const NEAR = 24;

/** Records of a stream by their numbers: those in sight are fetched and drawn, and nothing else, however many there are. */
export function RecordWindow<T extends { n: number }>(props: RecordWindowProps<T>) {
  const { label, role, end, rowHeight, render, head, current, onCurrent, reserve, follows = false } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ scrollTop: 0, viewHeight: 600 });
  const scroll = { rows: end, rowHeight, ...view };
  const { first, end: last, top } = seenRows(scroll);
  const records = useChunks(props, first, last);
  useFollowing(scroller, props);
  useShown(scroller, current, { rows: end, rowHeight });

  function onScroll() {
    const box = scroller.current;
    if (!box) return;
    setView({ scrollTop: box.scrollTop, viewHeight: box.clientHeight });
    const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - NEAR;
    if (follows && !isAtEnd && end * rowHeight > box.clientHeight) props.onFollow?.(false);
  }
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const observer = new ResizeObserver(() =>
      setView({ scrollTop: box.scrollTop, viewHeight: box.clientHeight }),
    );
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  function onKey(event: KeyboardEvent) {
    const page = Math.max(1, Math.floor(view.viewHeight / rowHeight) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    if (step !== undefined) onCurrent(clamped((current ?? first) + step, end));
    else if (event.key === 'Home') onCurrent(0);
    else if (event.key === 'End') onCurrent(Math.max(0, end - 1));
    else if (event.key === 'Enter' && current !== null) props.onOpen?.(current);
    else return;
    event.preventDefault();
  }
  const numbers = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it scrolls, and its keys move in it
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is a log or a region, which take a name
    <div
      ref={scroller}
      className="region window"
      role={role ?? 'region'}
      aria-label={label}
      aria-live="off"
      style={{ height: `max(240px, calc(100vh - ${reserve}px))` }}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKey}
    >
      {head}
      <div className="window-content" style={{ height: contentHeight(scroll) }}>
        <div className="window-rows" style={{ transform: `translateY(${top}px)` }}>
          {numbers.map((n) => (
            // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the window has the keys
            <div
              key={n}
              className={n === current ? 'window-row current' : 'window-row'}
              style={{ height: rowHeight }}
              onClick={() => onCurrent(n)}
              onDoubleClick={() => props.onOpen?.(n)}
            >
              {render(records.get(n), n, n === current)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

const clamped = (n: number, end: number) => Math.max(0, Math.min(n, end - 1));

/** Some records that follow each other. They never change; only the last part grows. */
interface Part<T> {
  records: readonly T[];
  /** All that there was before this number is here. */
  to: number;
}

/** Records are fetched some at a time, and of a part that grows only what is new. */
function useChunks<T extends { n: number }>(
  { queryKey, end, load }: RecordWindowProps<T>,
  first: number,
  last: number,
): Map<number, T> {
  const client = useQueryClient();
  const from = Math.floor(first / CHUNK);
  const to = Math.floor(Math.max(first, last - 1) / CHUNK);
  const chunks = end === 0 ? [] : Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const found = useQueries({
    queries: chunks.map((chunk) => ({
      queryKey: [...queryKey, chunk],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        grown(client.getQueryData<Part<T>>([...queryKey, chunk]), partOf(chunk, end), load, signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: KEPT_MS,
    })),
  });
  useEffect(() => {
    for (const [i, { data, isFetching, isError, refetch }] of found.entries()) {
      // One step after the other: a slow answer is waited for, however fast the stream grows.
      if (data && !isFetching && !isError && data.to < partOf(chunks[i] ?? 0, end).to) void refetch();
    }
  });
  const records = new Map<number, T>();
  for (const { data } of found) for (const record of data?.records ?? []) records.set(record.n, record);
  return records;
}

function partOf(chunk: number, end: number): { from: number; to: number } {
  return { from: chunk * CHUNK, to: Math.min((chunk + 1) * CHUNK, end) };
}

/** A part with what has come since. */
async function grown<T extends { n: number }>(
  before: Part<T> | undefined,
  { from, to }: { from: number; to: number },
  load: RecordWindowProps<T>['load'],
  signal: AbortSignal,
): Promise<Part<T>> {
  const known = before?.records ?? [];
  const isWhole = known.length > 0 && known.at(-1)?.n === from + known.length - 1;
  const kept = isWhole ? known : [];
  const at = from + kept.length;
  const fresh = at < to ? await load(at, to - at, signal) : [];
  const records = [...kept, ...fresh];
  // An answer may be shorter than was asked for; where there is nothing, nothing is waited for.
  return { records, to: fresh.length > 0 ? Math.min(to, (records.at(-1)?.n ?? at) + 1) : to };
}

/** Keeps the end in sight while the stream grows. */
function useFollowing<T extends { n: number }>(
  scroller: React.RefObject<HTMLDivElement | null>,
  { follows = false, end }: RecordWindowProps<T>,
): void {
  useLayoutEffect(() => {
    const box = scroller.current;
    // Looks at `end`, too: it grows.
    if (box && follows && end > 0) box.scrollTop = box.scrollHeight;
  }, [scroller, follows, end]);
}

/** Brings the current record into sight when it is not. */
function useShown(
  scroller: React.RefObject<HTMLDivElement | null>,
  current: number | null,
  size: { rows: number; rowHeight: number },
): void {
  const latest = useRef(size);
  latest.current = size;
  const isThere = current !== null && current < size.rows;
  useEffect(() => {
    const box = scroller.current;
    if (!box || current === null || !isThere) return;
    const scroll = { ...latest.current, viewHeight: box.clientHeight };
    const { first, end } = seenRows({ ...scroll, scrollTop: box.scrollTop });
    if (current > first && current < end - 2) return;
    box.scrollTop = scrollTopFor(current, scroll);
  }, [scroller, current, isThere]);
}
