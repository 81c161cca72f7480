import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/client.ts';
import { type JobRow, listJobs } from '../../api/jobs.ts';
import { usePollWithoutStream } from '../../lib/live/liveness.ts';
import { mergeRows, type Shown } from './merge-rows.ts';

const PAGE = 100;
const MAX_ROWS = 1000;
const POLL_MS = 3000;
const NOTHING: Shown<JobRow> = { rows: [], news: 0, left: new Set() };
const keyOf = ({ key }: JobRow) => key;

interface Later {
  cursor: string | null;
  searchedTo: string | null;
}

/**
 * The jobs that match a filter: a first page that is kept up to date, and older ones that come when asked for.
 * `isOpen`: new rows may push the others down.
 */
export function useJobList(project: number, q: string, isOpen: boolean) {
  const poll = usePollWithoutStream(POLL_MS);
  const first = useQuery({
    queryKey: ['jobs', project, 'list', q],
    queryFn: ({ signal }) =>
      listJobs({ params: { project }, query: { q: q || undefined, limit: PAGE } as never }, { signal }),
    refetchInterval: (query) => (query.state.error ? false : poll),
  });
  const [shown, setShown] = useState(NOTHING);
  const [later, setLater] = useState<Later | null>(null);
  const [isLoading, setLoading] = useState(false);
  const [laterError, setLaterError] = useState<unknown>(null);
  const filter = useRef<string | null>(null);
  const { data, isPlaceholderData } = first;

  useEffect(() => {
    if (!data || isPlaceholderData) return;
    if (filter.current !== q) {
      filter.current = q;
      setShown({ ...NOTHING, rows: data.jobs });
      setLater(null);
      setLaterError(null);
      return;
    }
    setShown((before) => mergeRows({ before: before.rows, fresh: data.jobs, keyOf, isOpen }));
  }, [data, isPlaceholderData, q, isOpen]);

  const end = later ?? (data && { cursor: data.cursor, searchedTo: data.searchedTo });
  const isFull = shown.rows.length >= MAX_ROWS;
  async function more(): Promise<void> {
    const cursor = end?.cursor;
    if (!cursor || isLoading || isFull || isPlaceholderData) return;
    setLoading(true);
    try {
      const page = await listJobs({ params: { project }, query: { q, cursor, limit: PAGE } });
      setLater({ cursor: page.cursor, searchedTo: page.searchedTo });
      setShown((before) => {
        const known = new Set(before.rows.map(keyOf));
        return { ...before, rows: [...before.rows, ...page.jobs.filter((job) => !known.has(job.key))] };
      });
      setLaterError(null);
    } catch (error) {
      setLaterError(error);
    } finally {
      setLoading(false);
    }
  }
  function showNews() {
    if (data) setShown((before) => mergeRows({ before: before.rows, fresh: data.jobs, keyOf, isOpen: true }));
  }
  const refused =
    first.error instanceof ApiError && first.error.field === 'q'
      ? first.error.message.replace(/^q: /, '')
      : null;
  return {
    first,
    rows: shown.rows,
    news: shown.news,
    left: shown.left,
    isOld: isPlaceholderData,
    hasMore: Boolean(end?.cursor) && !isFull,
    isFull,
    searchedTo: end?.searchedTo ?? null,
    isLoading,
    laterError,
    refused,
    more,
    showNews,
  };
}
