import type { JobFilter } from '@spiderhub/core';
import {
  type Condition,
  type FilterParts,
  filterParts,
  literal,
  NOT_DELETED,
  storedStates,
  whereParts,
} from '../jobs/filter-sql.ts';

/** The order of all lists. */
export const NEWEST_FIRST = 'order by j.state_since desc, j.id desc';

/** Where a list goes on: behind this job. */
export interface After {
  /** As Postgres wrote it, with its microseconds. */
  since: string;
  id: string;
}

export interface Page {
  count: number;
  offset: number;
  after?: After | null;
}

/** Entries of an index that Postgres passes by in a few milliseconds. */
const SHALLOW = 10_000;

/** Whether a page lies so deep that getting there takes long, and others' connections are not to be kept for it. */
export function isDeep({ count, offset }: Page): boolean {
  return offset + count > SHALLOW;
}

/**
 * The ids of one page of a filter, newest first, as a query. What a page costs depends on the page, not on how many jobs
 * match or do not match: the jobs of each spider and state come in their order from an index and are merged.
 */
export function pageSql(filter: JobFilter, { count, offset, after = null }: Page): Condition {
  const parts = filterParts(filter);
  if (after) parts.times.push('(j.state_since, j.id) < (:afterSince::timestamptz, :afterId::bigint)');
  const bindings = {
    ...parts.bindings,
    count,
    offset,
    end: offset + count,
    ...(after && { afterSince: after.since, afterId: after.id }),
  };
  if (parts.keys.length > 0) return { sql: fromAll(parts), bindings };
  if (parts.hasTag.length > 0)
    return { sql: tagged(parts), bindings: { ...bindings, near: nearOf(offset + count) } };
  return { sql: paged(`(${walk(parts, 'j.id, j.state_since', ':end')})`), bindings };
}

function paged(jobs: string): string {
  return `select j.id from ${jobs} j ${NEWEST_FIRST} limit :count offset :offset`;
}

/** Few match, or nothing but looking at all of them helps. Materialized: no walk along the list in the hope of a match. */
function fromAll(parts: FilterParts): string {
  return `with found as materialized (select j.id, j.state_since from jobs j where ${whereParts(parts)})
    ${paged('found')}`;
}

/** Jobs of the newest that are looked at for a tag before all that carry it are collected. */
function nearOf(end: number): number {
  return 1000 + 4 * end;
}

/**
 * A tag that most jobs carry is found among the newest; a rare one only its own index finds. Postgres does not know which
 * it is, least of all among the newest, and a wrong guess reads the whole history: so the newest are tried first.
 */
function tagged(parts: FilterParts): string {
  const rest = { ...parts, hasTag: [] };
  return `with newest as materialized (${walk(rest, 'j.id, j.state_since, j.tags', ':near')}),
    near as materialized (
      select j.id, j.state_since from newest j where ${parts.hasTag.join(' and ')} ${NEWEST_FIRST} limit :end
    ),
    far as materialized (
      select j.id, j.state_since from jobs j
      where (select count(*) from near) < :end and (select count(*) from newest) = :near and ${whereParts(parts)}
    )
    ${paged('(select * from near where not exists (select from far) union all select * from far)')}`;
}

/** More branches than this take longer to plan than they save. */
const MOST_BRANCHES = 64;

/** The first `limit` jobs of a filter in their order, each branch by an index that has its jobs in that order. */
export function walk(parts: FilterParts, columns: string, limit: string, order = NEWEST_FIRST): string {
  const branch = (conditions: string) =>
    `select ${columns} from jobs j where ${conditions} ${order} limit ${limit}`;
  const found = branchesOf(parts).map((conditions) => branch(conditions.join(' and ')));
  if (found.length === 1) return found[0] as string;
  return `select * from (${found.map((one) => `(${one})`).join(' union all ')}) j ${order} limit ${limit}`;
}

const LISTED_STATES = storedStates(['pending', 'running', 'finished']);

/** The conditions of each spider and state of a filter, but for those on tags that a job has. */
export function branchesOf(parts: FilterParts): string[][] {
  const { project, spiders, states, lacksTag, times } = parts;
  const ofStates = states ?? (spiders.length > 0 || lacksTag.length > 0 ? LISTED_STATES : null);
  if (spiders.length * (ofStates?.length ?? 1) > MOST_BRANCHES) return [[whereParts(parts)]];
  const stateParts = ofStates?.map((state) => `j.state = ${literal(state)}`) ?? [NOT_DELETED];
  const spiderParts = spiders.length > 0 ? spiders.map((spider) => [`j.spider = ${spider}`]) : [[]];
  return spiderParts.flatMap((ofSpider) =>
    stateParts.map((ofState) => [project, ...ofSpider, ofState, ...lacksTag, ...times]),
  );
}
