import { type JobFilter, type JobState, NO_TURNS, type Turns } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { anyOf, type Condition, type FilterParts, filterParts, whereParts } from '../jobs/filter-sql.ts';
import { branchesOf } from './page-sql.ts';

/** Whether the counters know the number of a filter's jobs. */
function isCounted({ keys, hasTag, lacksTag, since, until }: JobFilter): boolean {
  return !(keys || hasTag || lacksTag || since || until);
}

/** Up to so many jobs are counted one by one before another way is tried. */
const FEW = 1000;

/**
 * The number of jobs of a filter; never an estimate. Projects, spiders and states are read from their counters. With tags,
 * jobs are counted where few match, or few do not; otherwise all that match are, on a connection for searches.
 */
export async function countJobs(
  database: Database,
  filter: JobFilter,
  { searches = database, turns = NO_TURNS }: { searches?: Database; turns?: Turns } = {},
): Promise<number> {
  const { project } = filter;
  const parts = filterParts(filter);
  const quick = quickCount(filter, parts);
  const known = quick && (await turns.lists.run(project, () => countOf(database, quick)));
  if (known !== null) return known;
  const all = { sql: counted(parts), bindings: parts.bindings };
  return (await turns.searches.run(project, () => countOf(searches, all))) ?? 0;
}

async function countOf(database: Database, { sql, bindings }: Condition): Promise<number | null> {
  const { rows } = await database.raw<{ rows: [{ count: string | null }] }>(sql, bindings as never);
  return rows[0].count === null ? null : Number(rows[0].count);
}

/** A query of one row, `count`: null when too many jobs would have to be looked at. Null: there is no such query. */
function quickCount(filter: JobFilter, parts: FilterParts): Condition | null {
  if (isCounted(filter)) return { sql: `select (${counters(parts)}) as count`, bindings: parts.bindings };
  const { keys, times, hasTag, lacksTag } = parts;
  if (keys.length > 0 || times.length > 0 || (hasTag.length > 0 && lacksTag.length > 0)) return null;
  const { hasTag: has, lacksTag: lacks, ...all } = filter;
  const others = filterParts({ ...all, ...(lacks && { hasTag: lacks }), ...(has && { lacksTag: has }) });
  return { sql: byTag(parts, others), bindings: { ...parts.bindings, ...others.bindings } };
}

function counted(parts: FilterParts): string {
  return `select count(*) from jobs j where ${whereParts(parts)}`;
}

/** One statement, so one snapshot; Postgres runs only the parts that the case comes to. */
function byTag(parts: FilterParts, others: FilterParts): string {
  return `with matching as materialized (${fewOf(parts)}), others as materialized (${fewOf(others)})
    select case
      when (select n from matching) <= ${FEW} then (select n from matching)
      when (select n from others) <= ${FEW} then (${counters(parts)}) - (select n from others)
    end as count`;
}

/** How many jobs there are, as far as one more than a few. */
function fewOf(parts: FilterParts): string {
  const found = branchesOf(parts).map(
    (conditions) =>
      `(select from jobs j where ${[...conditions, ...parts.hasTag].join(' and ')} limit ${FEW + 1})`,
  );
  return `select count(*) as n from (select from (${found.join(' union all ')}) f limit ${FEW + 1}) f`;
}

const COUNTED_AS: Record<JobState | 'admitted', readonly string[]> = {
  pending: ['pending'],
  admitted: ['admitted'],
  running: ['running', 'outside'],
  finished: ['finished'],
  deleted: ['deleted'],
};

/** The sum of the counters that a filter means. */
function counters({ spiders, states }: FilterParts): string {
  const ofSpiders = spiders.length > 0 ? [anyOf('c.spider', spiders)] : [];
  const ofStates = states
    ? anyOf(
        'c.state',
        states.flatMap((state) => COUNTED_AS[state]).map((state) => `'${state}'`),
      )
    : `c.state <> 'deleted'`;
  const where = ['c.project_id = :project', ...ofSpiders, ofStates].join(' and ');
  return `select coalesce(sum(c.n), 0) from (${countersWhere(where)}) c`;
}

/** Counters with their changes that are not folded into them yet: only the sum of both is true. */
export function countersWhere(where: string): string {
  return `
    select c.project_id, c.spider, c.state, c.n from job_counts c where ${where}
    union all
    select c.project_id, c.spider, c.state, c.n from job_count_changes c where ${where}`;
}
