import type { FoundPage, JobSearch, ListOrder, ListPlace } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { JOB_COLUMNS, JOB_TABLES, type JobRow, toJob } from '../../jobs/rows.ts';
import { alternativesOf } from './alternatives.ts';
import { type Found, findJobs } from './found.ts';
import { comparePlaces, placeSql } from './place-sql.ts';
import { behind } from './search-sql.ts';

interface Page {
  after: ListPlace | null;
  limit: number;
  order: ListOrder;
}

/** See JobSearchView.page. */
export async function searchPage(
  database: Database,
  project: number,
  search: JobSearch,
  { after, limit, order }: Page,
): Promise<FoundPage> {
  const alternatives = await alternativesOf(database, project, search);
  const place = after && placeSql(after, order);
  const found = await Promise.all(
    alternatives.map((one) => findJobs(database, behind(one, place), limit + 1, order)),
  );
  const { places, border } = merged(found, order);
  const shown = places.slice(0, limit);
  const hasMore = places.length > limit;
  const rows = await jobsAt(database, project, shown);
  return {
    jobs: shown.flatMap(({ id }) => rows.get(id) ?? []),
    next: hasMore ? (shown.at(-1) ?? null) : border,
    searchedTo: hasMore || !border ? null : new Date(Number(BigInt(border.micros) / 1000n)),
  };
}

/** Several lists as one. Behind the first border nothing is certain: another list may have a job there. */
function merged(found: readonly Found[], order: ListOrder): Found {
  const borders = found.flatMap(({ border }) => (border ? [border] : []));
  const border = borders.sort((a, b) => comparePlaces(a, b, order))[0] ?? null;
  const places = found.flatMap((one) => one.places).sort((a, b) => comparePlaces(a, b, order));
  if (!border) return { places, border };
  return { places: places.filter((one) => comparePlaces(one, border, order) <= 0), border };
}

async function jobsAt(
  database: Database,
  project: number,
  places: readonly ListPlace[],
): Promise<Map<string, ReturnType<typeof toJob>>> {
  if (places.length === 0) return new Map();
  const { rows } = await database.raw<{ rows: JobRow[] }>(
    `select ${JOB_COLUMNS} from ${JOB_TABLES} where j.project_id = :project and j.id = any(:ids::bigint[])`,
    { project, ids: places.map(({ id }) => id) },
  );
  return new Map(rows.map((row) => [row.id, toJob(row)]));
}
