/**
 * Which of very many rows of one height are in sight. Browsers cut what is higher than some millions of pixels without a word,
 * so beyond that the scroll bar speaks of shares: its end is the last row, however many there are.
 */
export interface Scroll {
  rows: number;
  rowHeight: number;
  viewHeight: number;
  scrollTop: number;
}

/** The highest that is asked of a browser, px. Chromium cuts at 33,554,428, others lower. */
export const MAX_HEIGHT = 8_000_000;

/** Height of what scrolls, px. */
export function contentHeight({ rows, rowHeight }: Pick<Scroll, 'rows' | 'rowHeight'>): number {
  return Math.min(rows * rowHeight, MAX_HEIGHT);
}

export interface Seen {
  /** First row in sight. */
  first: number;
  /** The one behind the last. */
  end: number;
  /** Where the first one is drawn, px from the top of the content. */
  top: number;
}

export function seenRows(scroll: Scroll): Seen {
  const { rows, rowHeight, viewHeight } = scroll;
  const height = contentHeight(scroll);
  const fitting = Math.ceil(viewHeight / rowHeight) + 1;
  const scrollTop = Math.max(0, Math.min(scroll.scrollTop, height - viewHeight));
  if (height === rows * rowHeight) {
    const first = Math.max(0, Math.floor(scrollTop / rowHeight));
    return { first, end: Math.min(rows, first + fitting), top: first * rowHeight };
  }
  const whole = Math.floor(viewHeight / rowHeight);
  const first = Math.round((scrollTop / (height - viewHeight)) * (rows - whole));
  return { first, end: Math.min(rows, first + fitting), top: scrollTop };
}

/** Where to scroll so that a row is in sight, in the middle where that is possible. */
export function scrollTopFor(row: number, scroll: Omit<Scroll, 'scrollTop'>): number {
  const { rows, rowHeight, viewHeight } = scroll;
  const height = contentHeight(scroll);
  const whole = Math.floor(viewHeight / rowHeight);
  const first = Math.max(0, Math.min(row - Math.floor(whole / 2), rows - whole));
  if (height <= viewHeight) return 0;
  if (height === rows * rowHeight) return Math.min(first * rowHeight, height - viewHeight);
  return (first / Math.max(1, rows - whole)) * (height - viewHeight);
}
