/** One record on its way to a caller. */
export interface Row {
  /** Raw JSON. */
  line: Buffer;
  /** Its whole key; null for records that have none. */
  key: string | null;
  /** When it was written, ms since the epoch. */
  ts: number | null;
  /** Only for lists across projects. */
  project?: number;
}

/** Records in the lists in which they lie. */
export type Rows = AsyncIterable<readonly Row[]>;

/** The first `count` records. Reads no further than needed. */
export async function* firstRows(rows: Rows, count: number): AsyncGenerator<readonly Row[]> {
  let left = count;
  if (left <= 0) return;
  for await (const list of rows) {
    yield list.length <= left ? list : list.slice(0, left);
    left -= list.length;
    if (left <= 0) return;
  }
}

/** Records that are all in memory already. */
export async function* atHand(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}
