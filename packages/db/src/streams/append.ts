import { type Appended, type AppendRequest, groupCommit } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { fromPostgres, isDatabaseAway } from '../pg-errors.ts';

/** Statements under way at once: while one commits the next gathers. */
const IN_FLIGHT = 2;
const MAX_BATCH = 200;
/** A batch that is as large goes alone, bytes. */
const ALONE_BYTES = 512 * 1024;

// What one row appends are the pieces from `lo` to `hi` of all arrays.
const APPEND = `
  select i.n, r.first_no, r.arrived, r.bytes_in_tail, r.pieces_in_tail
  from unnest(:projects::int[], :spiders::int[], :jobs::int[], :attempts::int[], :streams::text[], :firsts::bigint[],
    :exacts::boolean[], :los::int[], :his::int[], :places::int[], :sizes::int[]) with ordinality
    as i (project, spider, job, attempt, stream, first, exact, lo, hi, place, size, n)
  left join lateral append_to_stream(
    i.project, i.spider, i.job, i.attempt, i.stream, i.first, i.exact,
    (:offsets::bigint[])[i.lo:i.hi], (:counts::int[])[i.lo:i.hi], (:raws::int[])[i.lo:i.hi],
    (:crcs::bigint[])[i.lo:i.hi], (:lengths::int[])[i.lo:i.hi], (:deflations::boolean[])[i.lo:i.hi],
    (:statistics::text[])[i.lo:i.hi], substring(:body::bytea from i.place for i.size)
  ) r on true
  order by i.n`;

interface AppendedRow {
  first_no: string | null;
  arrived: string;
  bytes_in_tail: string;
  pieces_in_tail: number;
}

type Outcome = { appended: Appended } | { failure: unknown };

/**
 * Appends of many streams share statements, and each waits for the disk: a crawl goes on when Postgres alone has crashed, and
 * would never write again what was forgotten. When a connection breaks nobody knows whether they were committed, so none of
 * them is tried again here.
 */
export function createAppend(database: Database): (request: AppendRequest) => Promise<Appended> {
  const options = { inFlight: IN_FLIGHT, maxBatch: MAX_BATCH };
  const together = groupCommit((batch: AppendRequest[]) => appendAll(database, batch), options);
  return async (request) => {
    const bytes = request.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    const outcome = await (bytes >= ALONE_BYTES
      ? appendAll(database, [request]).then(([alone]) => alone as Outcome)
      : together(request));
    if ('failure' in outcome) throw fromPostgres(outcome.failure);
    return outcome.appended;
  };
}

async function appendAll(database: Database, requests: readonly AppendRequest[]): Promise<Outcome[]> {
  // All take the locks of their streams in one order.
  const order = requests.map((_, i) => i).sort((a, b) => compare(requests[a], requests[b]));
  const sorted = order.map((i) => requests[i] as AppendRequest);
  try {
    const { rows } = await database.raw<{ rows: AppendedRow[] }>(APPEND, columnsOf(sorted));
    const outcomes: Outcome[] = [];
    for (const [at, i] of order.entries()) outcomes[i] = { appended: toAppended(rows[at] as AppendedRow) };
    return outcomes;
  } catch (failure) {
    if (!isDatabaseAway(failure) && requests.length > 1) throw failure;
    return requests.map(() => ({ failure }));
  }
}

function compare(a: AppendRequest | undefined, b: AppendRequest | undefined): number {
  const [left, right] = [placeOf(a as AppendRequest), placeOf(b as AppendRequest)];
  return left < right ? -1 : Number(left > right);
}

function placeOf({ ref: { key, attempt, stream } }: AppendRequest): string {
  return (
    [key.project, key.spider, key.job, attempt].map((n) => String(n).padStart(10, '0')).join('/') + stream
  );
}

function columnsOf(requests: readonly AppendRequest[]) {
  const pieces = requests.flatMap((request) => request.pieces);
  const bodies = requests.map((request) => Buffer.concat(request.pieces.map(({ bytes }) => bytes)));
  const his = runningSums(requests.map((request) => request.pieces.length));
  const sizes = bodies.map(({ length }) => length);
  const ends = runningSums(sizes);
  return {
    projects: requests.map(({ ref }) => ref.key.project),
    spiders: requests.map(({ ref }) => ref.key.spider),
    jobs: requests.map(({ ref }) => ref.key.job),
    attempts: requests.map(({ ref }) => ref.attempt),
    streams: requests.map(({ ref }) => ref.stream),
    firsts: requests.map(({ first }) => first ?? null),
    exacts: requests.map(({ isExact = false }) => isExact),
    los: his.map((hi, i) => hi - (requests[i] as AppendRequest).pieces.length + 1),
    his,
    places: ends.map((end, i) => end - (sizes[i] as number) + 1),
    sizes,
    ...pieceColumns(pieces),
    body: Buffer.concat(bodies),
  };
}

function pieceColumns(pieces: AppendRequest['pieces']) {
  return {
    offsets: pieces.map(({ first }) => first),
    counts: pieces.map(({ count }) => count),
    raws: pieces.map(({ raw }) => raw),
    crcs: pieces.map(({ crc }) => crc),
    lengths: pieces.map(({ bytes }) => bytes.length),
    deflations: pieces.map(({ isDeflated }) => isDeflated),
    statistics: pieces.map(({ stats }) => stats),
  };
}

function runningSums(numbers: readonly number[]): number[] {
  let sum = 0;
  return numbers.map((number) => {
    sum += number;
    return sum;
  });
}

function toAppended(row: AppendedRow): Appended {
  if (row.first_no === null) return null;
  return {
    first: Number(row.first_no),
    ts: Number(row.arrived),
    tailBytes: Number(row.bytes_in_tail),
    tailPieces: row.pieces_in_tail,
  };
}
