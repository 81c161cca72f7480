/** What is shown, what waits behind a button, and which rows have left the filter meanwhile. */
export interface Shown<Row> {
  rows: readonly Row[];
  /** Rows that came since and are not shown yet. */
  news: number;
  /** Keys of rows that did not come again although they should have. */
  left: ReadonlySet<string>;
}

interface Merge<Row> {
  before: readonly Row[];
  /** The first page as it is now. */
  fresh: readonly Row[];
  keyOf: (row: Row) => string;
  /** Nothing is selected and the list is at its top: what is new may come in. */
  isOpen: boolean;
}

/**
 * Brings a list up to date under the eyes of somebody who reads it. A job moves when its state changes, so rows are told apart
 * by key, and one is never shown twice.
 */
export function mergeRows<Row>({ before, fresh, keyOf, isOpen }: Merge<Row>): Shown<Row> {
  const now = new Map(fresh.map((row) => [keyOf(row), row]));
  const known = new Set(before.map(keyOf));
  const news = fresh.filter((row) => !known.has(keyOf(row)));
  if (isOpen) {
    const older = before.filter((row) => !now.has(keyOf(row)));
    // What stood among the first ones and is not there any more has left the filter; the rest lies on later pages.
    return {
      rows: [...fresh, ...older.slice(Math.max(0, gone(before, now, keyOf)))],
      news: 0,
      left: new Set(),
    };
  }
  const rows = before.map((row) => now.get(keyOf(row)) ?? row);
  const left = new Set(
    before
      .slice(0, reach(before, now, keyOf))
      .map(keyOf)
      .filter((key) => !now.has(key)),
  );
  return { rows, news: news.length, left };
}

/** How far down the list the first page reaches: behind the last row that is on both. */
function reach<Row>(
  before: readonly Row[],
  now: ReadonlyMap<string, Row>,
  keyOf: (row: Row) => string,
): number {
  return before.findLastIndex((row) => now.has(keyOf(row))) + 1;
}

/** How many of the rows within that reach are not on the page any more. */
function gone<Row>(
  before: readonly Row[],
  now: ReadonlyMap<string, Row>,
  keyOf: (row: Row) => string,
): number {
  return before.slice(0, reach(before, now, keyOf)).filter((row) => !now.has(keyOf(row))).length;
}
