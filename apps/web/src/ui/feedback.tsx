import { type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../api/client.ts';

const PATIENCE_MS = 200;

/** What failed in a sentence, how to name it to an operator, and a way to go on. */
export function ErrorPanel({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div className="note fail row" role="alert">
      <div className="grow">
        <div className="strong">{messageOf(error)}</div>
        {known?.requestId && <div className="small dim">Request {known.requestId}</div>}
      </div>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.retryAfterSeconds !== undefined)
      return `${error.message}; come again in ${error.retryAfterSeconds} s`;
    return error.message;
  }
  return error instanceof Error ? error.message : 'Something went wrong in this page';
}

/** Grey rows, once it takes longer than one notices. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return (
    <div className="panel padded stack" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => `row-${i}`).map((key, i) => (
        <div key={key} className="skeleton" style={{ width: `${88 - ((i * 23) % 50)}%` }} />
      ))}
    </div>
  );
}

interface Loading {
  isPending: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** Stands for a part of the page until it has its data, and when it cannot get them. */
export function Pending({ query, rows }: { query: Loading; rows?: number }) {
  if (query.error) return <ErrorPanel error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton {...(rows !== undefined && { rows })} />;
  return null;
}

/** Where something belongs that is not there yet: what, and how to make the first. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="panel empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
