import type { JobFilter, JobKey, PageRequest } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { type After, NEWEST_FIRST, type Page, pageSql } from './page-sql.ts';

/** Keys of one statement: some megabytes. */
const CHOSEN = 50_000;
/** Keys that are handed on at once. */
const PIECE = 500;

interface ChosenRow {
  spiders: number[] | null;
  numbers: number[] | null;
  last_since: string | null;
  last_id: string | null;
}

/** See JobView.keys. `inTurn` finds a connection for what a page needs; none is kept while the keys are looked at. */
export async function* jobKeys(
  filter: JobFilter,
  { count, offset }: PageRequest,
  inTurn: <T>(page: Page, work: (database: Database) => Promise<T>) => Promise<T>,
): AsyncGenerator<JobKey[]> {
  let after: After | null = null;
  for (let left = count; left > 0; left -= CHOSEN) {
    const page: Page = { count: Math.min(left, CHOSEN), offset: after ? 0 : offset, after };
    const chosen = await inTurn(page, (database) => choose(database, filter, page));
    for (let at = 0; at < chosen.keys.length; at += PIECE) yield chosen.keys.slice(at, at + PIECE);
    if (chosen.keys.length < page.count) return;
    after = chosen.after;
  }
}

async function choose(
  database: Database,
  filter: JobFilter,
  page: Page,
): Promise<{ keys: JobKey[]; after: After | null }> {
  const { sql, bindings } = pageSql(filter, page);
  const { rows } = await database.raw<{ rows: [ChosenRow] }>(
    `select array_agg(spider) as spiders, array_agg(number) as numbers,
      (array_agg(since))[count(*)::int]::text as last_since, (array_agg(id))[count(*)::int] as last_id
    from (
      select j.id, j.spider, j.number, j.state_since as since from jobs j where j.id = any(array(${sql})) ${NEWEST_FIRST}
    ) page`,
    bindings as never,
  );
  const [{ spiders, numbers, last_since: since, last_id: id }] = rows;
  const keys = (spiders ?? []).map((spider, at) => ({
    project: filter.project,
    spider,
    job: (numbers ?? [])[at] as number,
  }));
  return { keys, after: since && id ? { since, id } : null };
}
