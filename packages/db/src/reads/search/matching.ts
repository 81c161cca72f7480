import { type BoundedCount, isOutcome, type JobSearch, searchedStates } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { whereParts } from '../../jobs/filter-sql.ts';
import { countJobs } from '../count-sql.ts';
import { walk } from '../page-sql.ts';
import { alternativesOf } from './alternatives.ts';
import { taggedIds } from './found.ts';
import { FAILED } from './outcomes-sql.ts';
import { lookOf, type SearchParts } from './search-sql.ts';

/** More are not counted one by one. */
const MOST = 1000;

/** See JobSearchView.matching. */
export async function countMatching(
  database: Database,
  project: number,
  search: JobSearch,
): Promise<BoundedCount> {
  if (isCounted(search)) {
    const states = searchedStates(search);
    const filter = {
      project,
      ...(states && { states }),
      ...(search.spiders.length > 0 && { spiders: search.spiders }),
    };
    return { count: await countJobs(database, filter), atLeast: false };
  }
  const alternatives = await alternativesOf(database, project, search);
  const counts = await Promise.all(alternatives.map((one) => countOne(database, one)));
  return bounded(
    counts.reduce((sum, { count }) => sum + count, 0),
    counts.some(({ atLeast }) => atLeast),
  );
}

/** Whether the counters of spiders and states know it. */
function isCounted(search: JobSearch): boolean {
  const { spiders, states, ...others } = search;
  const narrows = Object.values(others).some((value) =>
    Array.isArray(value) ? value.length > 0 : value !== null,
  );
  return !narrows && !states.some(isOutcome) && !spiders.some((name) => name.endsWith('*'));
}

async function countOne(database: Database, search: SearchParts): Promise<BoundedCount> {
  if (search.parts.keys.length > 0) return countFew(database, search);
  const look = search.rest.length === 0 ? MOST + 1 : lookOf(search, MOST + 1);
  const where = search.rest.length > 0 ? `where ${search.rest.join(' and ')}` : '';
  const { rows } = await database.raw<{ rows: [{ matching: string; border: string | null }] }>(
    `with matching as materialized (
      select count(*) as n from (
        select from (${walk(search.parts, 'j.*', ':look')}) j ${search.joins} ${where} limit ${MOST + 1}
      ) m
    )
    select (select n from matching) as matching,
      (select j.id from (${walk(search.parts, 'j.id, j.state_since', ':look')}) j
        where (select n from matching) <= ${MOST} offset :look::int - 1 limit 1) as border`,
    { ...search.bindings, look } as never,
  );
  const [{ matching, border }] = rows;
  if (border === null || !search.tags) return bounded(Number(matching), border !== null);
  const tagged = await taggedIds(database, search);
  return tagged ? countFew(database, search, tagged) : bounded(Number(matching), true);
}

async function countFew(database: Database, search: SearchParts, ids?: string[]): Promise<BoundedCount> {
  const where = [whereParts(search.parts), ...search.rest, ...(ids ? ['j.id = any(:ids::bigint[])'] : [])];
  return counted(
    database,
    `select from jobs j ${search.joins} where ${where.join(' and ')} limit ${MOST + 1}`,
    { ...search.bindings, ...(ids && { ids }) },
  );
}

/** See JobSearchView.finishedSince. */
export async function finishedSince(database: Database, project: number, since: Date) {
  const of = (more: string) =>
    counted(
      database,
      `select from jobs j where j.project_id = :project and j.state = 'finished' and j.state_since >= :since ${more}
      limit ${MOST + 1}`,
      { project, since },
    );
  const [finished, failed] = await Promise.all([of(''), of(`and ${FAILED}`)]);
  return { finished, failed };
}

async function counted(
  database: Database,
  sql: string,
  bindings: Record<string, unknown>,
): Promise<BoundedCount> {
  const { rows } = await database.raw<{ rows: [{ n: string }] }>(
    `select count(*) as n from (${sql}) m`,
    bindings as never,
  );
  return bounded(Number(rows[0].n), false);
}

function bounded(count: number, atLeast: boolean): BoundedCount {
  return { count: Math.min(count, MOST), atLeast: atLeast || count > MOST };
}
